/* XNNPACK wants channels last: the input is turned once, weights are turned while the graph is translated, and between them nothing is. A network is
 * translated whole or not at all. What a layer does that its public fields do not tell (which border a padding adds, that an Eltwise adds) is asked of
 * the layer, or proved at the end: the two must agree on an input of noise. */
#include "face/fast.h"

extern "C" {
#include "base/wipe.h"
}

#include <cmath>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <opencv2/dnn/all_layers.hpp>
#include <string>
#include <utility>
#include <vector>
#include <xnnpack.h>

namespace {

constexpr float INFINITE = std::numeric_limits<float>::infinity();
constexpr double AGREE = 1e-3; /* of the output's length: floats summed in another order differ by 1e-6 or so, another graph by 0.1 and more */
constexpr uint32_t IN = 0, OUT = 1;

struct untranslated {}; /* thrown and caught in this file */

void need(bool fine)
{
    if (!fine) throw untranslated();
}

/* What a layer gave: height, width, channels. `flat` values have one dimension, in the same order. `pad` (top, left, bottom, right) is still to be added by
 * the convolution that follows. */
struct value {
    uint32_t id;
    size_t h, w, c;
    bool flat;
    int pad[4];
};

struct delete_graph {
    void operator()(xnn_subgraph_t g) const { xnn_delete_subgraph(g); }
};

struct delete_runtime {
    void operator()(xnn_runtime_t r) const { xnn_delete_runtime(r); }
};

class Fast final : public FaceFast {
  public:
    Fast(cv::dnn::Net &net, const int shape[3]);
    size_t outputs() const override { return last.h * last.w * last.c; }
    bool run(const float *input, float *ret) override;

  private:
    using layer = cv::Ptr<cv::dnn::Layer>;
    uint32_t constant(const std::vector<size_t> &dims, std::vector<float> numbers);
    value result(size_t h, size_t w, size_t c, bool flat);
    value take(const layer &l, const std::vector<value> &in);
    value convolution(const cv::dnn::BaseConvolutionLayer &l, const value &in);
    value product(const cv::dnn::Layer &l, const value &in);
    value normalisation(const cv::dnn::BatchNormLayer &l, const value &in);
    value clamp(const value &in, float low, float high);
    value padding(cv::dnn::Layer &l, value in);
    value flattened(const value &in);

    std::deque<std::vector<float>> constants; /* live as long as the runtime */
    std::unique_ptr<xnn_subgraph, delete_graph> graph;
    std::unique_ptr<xnn_runtime, delete_runtime> runtime;
    std::vector<float> input, output;
    value last{};
    bool at_end = false; /* the next result is the network's */
    size_t channels, area;
};

void define(xnn_status status)
{
    need(status == xnn_status_success);
}

std::vector<float> numbers_of(const cv::Mat &m)
{
    need(m.type() == CV_32F && m.isContinuous());
    return std::vector<float>(m.ptr<float>(), m.ptr<float>() + m.total());
}

uint32_t Fast::constant(const std::vector<size_t> &dims, std::vector<float> numbers)
{
    uint32_t id;
    size_t total = 1;
    for (size_t d : dims) total *= d;
    need(numbers.size() == total);
    numbers.resize(total + XNN_EXTRA_BYTES / sizeof(float)); /* it may read beyond */
    constants.push_back(std::move(numbers));
    define(xnn_define_tensor_value(graph.get(), xnn_datatype_fp32, dims.size(), dims.data(), constants.back().data(), XNN_INVALID_VALUE_ID, 0, &id));
    return id;
}

value Fast::result(size_t h, size_t w, size_t c, bool flat)
{
    uint32_t id;
    const size_t whole[4] = {1, h, w, c}, one[2] = {1, h * w * c};
    define(xnn_define_tensor_value(graph.get(), xnn_datatype_fp32, flat ? 2 : 4, flat ? one : whole, nullptr, at_end ? OUT : XNN_INVALID_VALUE_ID, at_end ? XNN_VALUE_FLAG_EXTERNAL_OUTPUT : 0, &id));
    return {id, h, w, c, flat, {0, 0, 0, 0}};
}

/* Weights come as outputs x inputs x height x width. */
value Fast::convolution(const cv::dnn::BaseConvolutionLayer &l, const value &in)
{
    need(!in.flat && !l.blobs.empty() && l.blobs[0].dims == 4 && l.padMode.empty() && l.kernel_size.size() == 2 && l.strides.size() == 2 && l.dilations.size() == 2 && l.pads_begin.size() == 2 && l.pads_end.size() == 2);
    const std::vector<float> from = numbers_of(l.blobs[0]);
    size_t outs = static_cast<size_t>(l.blobs[0].size[0]), each = static_cast<size_t>(l.blobs[0].size[1]), kh = static_cast<size_t>(l.blobs[0].size[2]), kw = static_cast<size_t>(l.blobs[0].size[3]);
    need(each > 0 && in.c % each == 0 && outs % (in.c / each) == 0);
    size_t groups = in.c / each, pad[4] = {l.pads_begin[0], l.pads_begin[1], l.pads_end[0], l.pads_end[1]}, reach_h = l.dilations[0] * (kh - 1) + 1, reach_w = l.dilations[1] * (kw - 1) + 1;
    for (int i = 0; i < 4; i++) pad[i] += static_cast<size_t>(in.pad[i]);
    need(in.h + pad[0] + pad[2] >= reach_h && in.w + pad[1] + pad[3] >= reach_w);
    bool alone = each == 1 && groups > 1;
    std::vector<float> to(from.size());
    for (size_t o = 0; o < outs; o++)
        for (size_t i = 0; i < each; i++)
            for (size_t k = 0; k < kh * kw; k++) to[alone ? k * outs + o : (o * kh * kw + k) * each + i] = from[(o * each + i) * kh * kw + k];
    uint32_t filter = alone ? constant({1, kh, kw, outs}, to) : constant({outs, kh, kw, each}, to);
    uint32_t bias = constant({outs}, l.blobs.size() > 1 ? numbers_of(l.blobs[1]) : std::vector<float>(outs));
    value r = result((in.h + pad[0] + pad[2] - reach_h) / l.strides[0] + 1, (in.w + pad[1] + pad[3] - reach_w) / l.strides[1] + 1, outs, false);
    auto u = [](size_t v) { return static_cast<uint32_t>(v); };
    if (alone)
        define(xnn_define_depthwise_convolution_2d(graph.get(), u(pad[0]), u(pad[3]), u(pad[2]), u(pad[1]), u(kh), u(kw), u(l.strides[0]), u(l.strides[1]), u(l.dilations[0]), u(l.dilations[1]), u(outs / in.c), in.c,
                                                   -INFINITE, INFINITE, in.id, filter, bias, r.id, 0));
    else
        define(xnn_define_convolution_2d(graph.get(), u(pad[0]), u(pad[3]), u(pad[2]), u(pad[1]), u(kh), u(kw), u(l.strides[0]), u(l.strides[1]), u(l.dilations[0]), u(l.dilations[1]), u(groups), each, outs / groups,
                                         -INFINITE, INFINITE, in.id, filter, bias, r.id, 0));
    return r;
}

/* Every output from all inputs, whose order here is another than the weights'. */
value Fast::product(const cv::dnn::Layer &l, const value &in)
{
    need(in.flat && !l.blobs.empty());
    size_t ins = in.h * in.w * in.c, area_in = in.h * in.w, outs = l.blobs[0].total() / ins;
    const std::vector<float> from = numbers_of(l.blobs[0]);
    std::vector<float> to(from.size());
    need(outs * ins == from.size());
    for (size_t o = 0; o < outs; o++)
        for (size_t c = 0; c < in.c; c++)
            for (size_t k = 0; k < area_in; k++) to[o * ins + k * in.c + c] = from[o * ins + c * area_in + k];
    uint32_t filter = constant({outs, ins}, to), bias = constant({outs}, l.blobs.size() > 1 ? numbers_of(l.blobs[1]) : std::vector<float>(outs));
    value r = result(1, 1, outs, true);
    define(xnn_define_fully_connected(graph.get(), -INFINITE, INFINITE, in.id, filter, bias, r.id, 0));
    return r;
}

value Fast::normalisation(const cv::dnn::BatchNormLayer &l, const value &in)
{
    size_t blob = 2;
    need(l.blobs.size() == 2 + static_cast<size_t>(l.hasWeights) + static_cast<size_t>(l.hasBias) && (!in.flat || in.h * in.w == 1));
    const std::vector<float> mean = numbers_of(l.blobs[0]), spread = numbers_of(l.blobs[1]);
    std::vector<float> scale = l.hasWeights ? numbers_of(l.blobs[blob++]) : std::vector<float>(in.c, 1.0f), shift = l.hasBias ? numbers_of(l.blobs[blob]) : std::vector<float>(in.c);
    need(mean.size() == in.c && spread.size() == in.c && scale.size() == in.c && shift.size() == in.c);
    for (size_t i = 0; i < in.c; i++) scale[i] /= std::sqrt(spread[i] + l.epsilon), shift[i] -= mean[i] * scale[i];
    bool end = std::exchange(at_end, false);
    value scaled = result(in.h, in.w, in.c, in.flat);
    define(xnn_define_multiply2(graph.get(), -INFINITE, INFINITE, in.id, constant({in.c}, scale), scaled.id, 0));
    at_end = end;
    value r = result(in.h, in.w, in.c, in.flat);
    define(xnn_define_add2(graph.get(), -INFINITE, INFINITE, scaled.id, constant({in.c}, shift), r.id, 0));
    return r;
}

value Fast::clamp(const value &in, float low, float high)
{
    value r = result(in.h, in.w, in.c, in.flat);
    define(xnn_define_clamp(graph.get(), low, high, in.id, r.id, 0));
    return r;
}

/* What it adds where is seen from ones that it surrounds with zeros. */
value Fast::padding(cv::dnn::Layer &l, value in)
{
    const int dims[4] = {1, 1, static_cast<int>(in.h), static_cast<int>(in.w)};
    std::vector<cv::Mat> ones{cv::Mat(4, dims, CV_32F, cv::Scalar(1))}, out, internals;
    std::vector<cv::dnn::MatShape> shapes, more;
    need(!in.flat && !at_end);
    l.getMemoryShapes({{1, 1, dims[2], dims[3]}}, 1, shapes, more);
    need(shapes.size() == 1 && more.empty() && shapes[0].size() == 4 && shapes[0][0] == 1 && shapes[0][1] == 1);
    out.emplace_back(4, shapes[0].data(), CV_32F, cv::Scalar(2));
    l.finalize(cv::InputArrayOfArrays(ones), cv::OutputArrayOfArrays(out));
    l.forward(cv::InputArrayOfArrays(ones), cv::OutputArrayOfArrays(out), cv::OutputArrayOfArrays(internals));
    int h = shapes[0][2], w = shapes[0][3], first = 0;
    const float *seen = out[0].ptr<float>();
    while (first < h * w && seen[first] == 0) first++;
    in.pad[0] += first / w, in.pad[1] += first % w, in.pad[2] += h - dims[2] - first / w, in.pad[3] += w - dims[3] - first % w;
    for (int i = 0; i < 4; i++) need(in.pad[i] >= 0 && in.pad[i] < 1024);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) need(seen[y * w + x] == (y >= first / w && y < first / w + dims[2] && x >= first % w && x < first % w + dims[3] ? 1.0f : 0.0f));
    return in;
}

value Fast::flattened(const value &in)
{
    const size_t all = in.h * in.w * in.c, one[2] = {1, all};
    value r = result(in.h, in.w, in.c, true);
    define(xnn_define_static_reshape(graph.get(), 2, one, in.id, r.id, 0));
    return r;
}

value Fast::take(const layer &l, const std::vector<value> &in)
{
    const std::string &type = l->type;
    need(!in.empty());
    const value &a = in[0];
    if (auto *c = dynamic_cast<cv::dnn::BaseConvolutionLayer *>(l.get()); c && type == "Convolution") return convolution(*c, a);
    if (type == "Padding") return padding(*l, a);
    for (const value &v : in)
        for (int p : v.pad) need(p == 0);
    if (type == "InnerProduct") return product(*l, a);
    if (auto *b = dynamic_cast<cv::dnn::BatchNormLayer *>(l.get())) return normalisation(*b, a);
    if (auto *s = dynamic_cast<cv::dnn::ReLULayer *>(l.get()); s && s->negativeSlope == 0) return clamp(a, 0, INFINITE);
    if (auto *s = dynamic_cast<cv::dnn::ReLU6Layer *>(l.get())) return clamp(a, s->minValue, s->maxValue);
    if (type == "Flatten" || (type == "Reshape" && a.h * a.w == 1) || type == "Identity") return at_end || (type != "Identity" && !a.flat) ? flattened(a) : a;
    if (type == "PReLU") {
        need(l->blobs.size() == 1);
        value r = result(a.h, a.w, a.c, a.flat);
        define(xnn_define_prelu(graph.get(), a.id, constant({a.c}, numbers_of(l->blobs[0])), r.id, 0));
        return r;
    }
    need(type == "Eltwise" && in.size() == 2 && a.h == in[1].h && a.w == in[1].w && a.c == in[1].c && a.flat == in[1].flat);
    value r = result(a.h, a.w, a.c, a.flat);
    define(xnn_define_add2(graph.get(), -INFINITE, INFINITE, a.id, in[1].id, r.id, 0));
    return r;
}

Fast::Fast(cv::dnn::Net &net, const int shape[3]) : channels(static_cast<size_t>(shape[0])), area(static_cast<size_t>(shape[1]) * static_cast<size_t>(shape[2]))
{
    std::map<const cv::dnn::Layer *, value> known;
    const std::vector<int> ends = net.getUnconnectedOutLayers();
    const size_t dims[4] = {1, static_cast<size_t>(shape[1]), static_cast<size_t>(shape[2]), channels};
    xnn_subgraph_t g;
    xnn_runtime_t r;
    uint32_t id;
    need(ends.size() == 1);
    define(xnn_create_subgraph(2, 0, &g));
    graph.reset(g);
    define(xnn_define_tensor_value(g, xnn_datatype_fp32, 4, dims, nullptr, IN, XNN_VALUE_FLAG_EXTERNAL_INPUT, &id));
    known[net.getLayer(0).get()] = {id, dims[1], dims[2], channels, false, {0, 0, 0, 0}};
    for (const std::string &name : net.getLayerNames()) {
        int at = net.getLayerId(name);
        std::vector<value> in;
        for (const layer &from : net.getLayerInputs(at)) {
            need(known.count(from.get()) == 1);
            in.push_back(known[from.get()]);
        }
        at_end = at == ends[0];
        last = known[net.getLayer(at).get()] = take(net.getLayer(at), in);
    }
    need(at_end && (last.flat ? last.h * last.w == 1 : true));
    input.resize(channels * area + XNN_EXTRA_BYTES / sizeof(float));
    output.resize(outputs());
    define(xnn_create_runtime_v2(g, nullptr, 0, &r)); /* in the calling thread */
    runtime.reset(r);
    const xnn_external_value ports[2] = {{IN, input.data()}, {OUT, output.data()}};
    define(xnn_setup_runtime(r, 2, ports));
}

bool Fast::run(const float *from, float *ret)
{
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < area; i++) input[i * channels + c] = from[c * area + i];
    bool fine = xnn_invoke_runtime(runtime.get()) == xnn_status_success;
    size_t side = last.h * last.w;
    for (size_t c = 0; c < last.c && fine; c++)
        for (size_t i = 0; i < side; i++) ret[c * side + i] = output[i * last.c + c];
    ent_wipe(input.data(), input.size() * sizeof(float));
    ent_wipe(output.data(), output.size() * sizeof(float));
    return fine;
}

/* On noise between -1 and 1. */
bool agrees(cv::dnn::Net &net, Fast &fast, const int shape[3])
{
    const int dims[4] = {1, shape[0], shape[1], shape[2]};
    cv::Mat noise(4, dims, CV_32F);
    std::vector<float> is(fast.outputs());
    uint32_t seed = 1;
    double away = 0, length = 0;
    for (float *p = noise.ptr<float>(), *end = p + noise.total(); p < end; p++) seed = seed * 1664525u + 1013904223u, *p = static_cast<float>(seed >> 8) / (1 << 23) - 1;
    net.setInput(noise);
    const cv::Mat should = net.forward();
    if (should.type() != CV_32F || should.total() != is.size() || !should.isContinuous() || !fast.run(noise.ptr<float>(), is.data())) return false;
    for (size_t i = 0; i < is.size(); i++) {
        double s = static_cast<double>(should.ptr<float>()[i]), d = static_cast<double>(is[i]) - s;
        away += d * d, length += s * s;
    }
    return away <= AGREE * AGREE * length; /* false for what is no number */
}

std::once_flag begun;
bool ready;

}

std::unique_ptr<FaceFast> FaceFast::of(cv::dnn::Net &net, const int shape[3])
{
    std::call_once(begun, [] { ready = xnn_initialize(nullptr) == xnn_status_success; });
    if (!ready) return nullptr;
    try {
        auto fast = std::make_unique<Fast>(net, shape);
        if (agrees(net, *fast, shape)) return fast;
    } catch (const untranslated &) {
    } catch (const cv::Exception &) { /* of the network itself: whoever runs it is told */
    }
    return nullptr;
}

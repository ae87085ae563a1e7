#include "face/depthwise.h"
#include "face/net.h"
#ifdef FACE_HAS_XNNPACK
#include "face/fast.h"
#endif

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/dnn/all_layers.hpp>
#include <string>
#include <vector>

struct ent_net {
    cv::dnn::Net net;
    std::vector<std::string> outputs;
    std::string name;
    int shape[4];
#ifdef FACE_HAS_XNNPACK
    std::unique_ptr<FaceFast> fast; /* calculates the same; nullptr: it cannot */
#endif
};

namespace {

/* A convolution of each plane by itself, where ours is faster than the library's (depthwise.h); every other one stays the library's. */
class Depthwise final : public cv::dnn::BaseConvolutionLayer {
  public:
    static bool suits(const cv::dnn::LayerParams &p);
    static cv::Ptr<cv::dnn::Layer> create(cv::dnn::LayerParams &p);
    explicit Depthwise(const cv::dnn::LayerParams &p);
    bool supportBackend(int backend) override { return backend == cv::dnn::DNN_BACKEND_OPENCV; }
    bool setActivation(const cv::Ptr<cv::dnn::ActivationLayer> &layer) override;
    bool getMemoryShapes(const std::vector<cv::dnn::MatShape> &inputs, int, std::vector<cv::dnn::MatShape> &outputs, std::vector<cv::dnn::MatShape> &internals) const override;
    void forward(cv::InputArrayOfArrays inputs, cv::OutputArrayOfArrays outputs, cv::OutputArrayOfArrays internals) override;

  private:
    face_depthwise form(int height, int width) const;
    cv::Ptr<cv::dnn::ActivationLayer> activation;
};

int whole(const cv::dnn::LayerParams &p, const char *name, int at, int otherwise)
{
    return p.has(name) && at < p.get(name).size() ? p.get(name).get<int>(at) : otherwise;
}

bool Depthwise::suits(const cv::dnn::LayerParams &p)
{
    bool plain = whole(p, "dilation", 0, 1) == 1 && whole(p, "dilation", 1, 1) == 1 && (!p.has("pad") || p.get("pad").size() == 4) && p.get<cv::String>("pad_mode", "").empty();
    int step = whole(p, "stride", 0, 1);
    if (!plain || p.blobs.empty() || p.blobs[0].dims != 4 || p.blobs[0].type() != CV_32F || !p.has("kernel_size") || p.get("kernel_size").size() != 2) return false;
    for (int i = 0; i < 4; i++)
        if (whole(p, "pad", i, 0) < 0 || whole(p, "pad", i, 0) > 2) return false;
    const cv::Mat &w = p.blobs[0];
    return w.size[1] == 1 && w.size[2] == 3 && w.size[3] == 3 && w.size[0] > 1 && whole(p, "group", 0, 1) == w.size[0] && (step == 1 || step == 2) && whole(p, "stride", 1, 1) == step;
}

cv::Ptr<cv::dnn::Layer> Depthwise::create(cv::dnn::LayerParams &p)
{
    if (suits(p)) return cv::makePtr<Depthwise>(p);
    return cv::dnn::ConvolutionLayer::create(p);
}

Depthwise::Depthwise(const cv::dnn::LayerParams &p)
{
    setParamsFrom(p);
    kernel_size = {3, 3}, dilations = {1, 1}, numOutput = blobs[0].size[0];
    for (int i = 0; i < 2; i++) {
        strides.push_back(static_cast<size_t>(whole(p, "stride", i, 1)));
        pads_begin.push_back(static_cast<size_t>(whole(p, "pad", i, 0))), pads_end.push_back(static_cast<size_t>(whole(p, "pad", 2 + i, 0)));
    }
}

face_depthwise Depthwise::form(int height, int width) const
{
    auto n = [](size_t v) { return static_cast<int>(v); };
    return {height, width, n(pads_begin[0]), n(pads_begin[1]), n(pads_end[0]), n(pads_end[1]), n(strides[0])};
}

bool Depthwise::setActivation(const cv::Ptr<cv::dnn::ActivationLayer> &layer)
{
    if (activation && layer) return false;
    activation = layer;
    return true;
}

bool Depthwise::getMemoryShapes(const std::vector<cv::dnn::MatShape> &inputs, int, std::vector<cv::dnn::MatShape> &outputs, std::vector<cv::dnn::MatShape> &internals) const
{
    const cv::dnn::MatShape &in = inputs.at(0);
    CV_Assert(inputs.size() == 1 && in.size() == 4 && in[1] == blobs[0].size[0]);
    face_depthwise d = form(in[2], in[3]);
    CV_Assert(face_depthwise_height(&d) > 0 && face_depthwise_width(&d) > 0);
    outputs = {{in[0], in[1], face_depthwise_height(&d), face_depthwise_width(&d)}};
    internals = {{static_cast<int>(face_depthwise_scratch(&d))}};
    return false;
}

void Depthwise::forward(cv::InputArrayOfArrays inputs, cv::OutputArrayOfArrays outputs, cv::OutputArrayOfArrays internals)
{
    std::vector<cv::Mat> in, out, scratch;
    inputs.getMatVector(in), outputs.getMatVector(out), internals.getMatVector(scratch);
    face_depthwise d = form(in[0].size[2], in[0].size[3]);
    size_t area = out[0].total(2);
    face_depthwise_clear(&d, scratch[0].ptr<float>());
    for (int n = 0; n < in[0].size[0]; n++)
        for (int c = 0; c < in[0].size[1]; c++) {
            float *to = out[0].ptr<float>(n, c);
            face_depthwise_run(&d, in[0].ptr<float>(n, c), blobs[0].ptr<float>(c), blobs.size() > 1 ? blobs[1].ptr<float>()[c] : 0, scratch[0].ptr<float>(), to);
            if (activation) activation->forwardSlice(to, to, static_cast<int>(area), area, c, c + 1);
        }
}

std::once_flag registered;

}

/* The library's exceptions as our codes; none passes this file. */
template <typename Work> static ent_code guarded(ent_err *err, const char *name, Work work)
{
    try {
        return work();
    } catch (const std::bad_alloc &) {
        return ent_fail(err, ENT_NO_MEMORY, "%s: out of memory in the network runtime", name);
    } catch (const cv::Exception &e) {
        return ent_fail(err, ENT_UNSUPPORTED, "%s: the network runtime refuses it: %s", name, e.err.c_str());
    } catch (const std::exception &e) {
        return ent_fail(err, ENT_INTERNAL, "%s: %s", name, e.what());
    }
}

extern "C" ent_code ent_net_open(const void *bytes, size_t len, const char *name, const int shape[3], ent_net **ret_net, ent_err *err)
{
    return guarded(err, name, [&] {
        std::call_once(registered, [] { cv::dnn::LayerFactory::registerLayer("Convolution", Depthwise::create); });
        cv::setNumThreads(1); /* what runs beside each other is decided above */
        cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
        auto n = std::make_unique<ent_net>();
        n->net = cv::dnn::readNetFromONNX(static_cast<const char *>(bytes), len);
        n->name = name;
        n->shape[0] = 1;
        std::copy_n(shape, 3, n->shape + 1);
        n->net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
        n->net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
        n->outputs = n->net.getUnconnectedOutLayersNames();
#ifdef FACE_HAS_XNNPACK
        n->fast = FaceFast::of(n->net, shape);
#endif
        *ret_net = n.release();
        return ENT_OK;
    });
}

extern "C" void ent_net_close(ent_net *net)
{
    delete net;
}

extern "C" const char *ent_net_runtime(const ent_net *net)
{
#ifdef FACE_HAS_XNNPACK
    if (net->fast) return "XNNPACK";
#endif
    (void)net;
    return "OpenCV";
}

static ent_code copy_out(const ent_net *n, const cv::Mat &m, const ent_net_output *o, ent_err *err)
{
    if (m.type() != CV_32F || m.total() != o->count || !m.isContinuous())
        return ent_fail(err, ENT_UNSUPPORTED, "%s: the network answers %zu numbers where %zu were expected", n->name.c_str(), m.total(), o->count);
    std::memcpy(o->values, m.ptr<float>(), o->count * sizeof(float));
    return ENT_OK;
}

extern "C" ent_code ent_net_run(ent_net *net, const float *input, const ent_net_output *outputs, size_t count, ent_err *err)
{
    return guarded(err, net->name.c_str(), [&] {
#ifdef FACE_HAS_XNNPACK
        if (net->fast && count == 1 && outputs->count == net->fast->outputs() && net->fast->run(input, outputs->values)) return ENT_OK;
#endif
        std::vector<std::string> names;
        std::vector<cv::Mat> results;
        for (size_t i = 0; i < count; i++) {
            if (!outputs[i].name && net->outputs.size() != 1)
                return ent_fail(err, ENT_UNSUPPORTED, "%s: one output was expected, the network has %zu", net->name.c_str(), net->outputs.size());
            names.push_back(outputs[i].name ? outputs[i].name : net->outputs[0]);
        }
        net->net.setInput(cv::Mat(4, net->shape, CV_32F, const_cast<float *>(input)));
        net->net.forward(results, names);
        for (size_t i = 0; i < count; i++) {
            ent_code code = copy_out(net, results[i], &outputs[i], err);
            if (code != ENT_OK) return code;
        }
        return ENT_OK;
    });
}

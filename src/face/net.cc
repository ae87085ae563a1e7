#include "face/net.h"

#include <cstring>
#include <exception>
#include <new>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>
#include <string>
#include <vector>

struct ent_net {
    cv::dnn::Net net;
    std::vector<std::string> outputs;
    std::string name;
};

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

extern "C" ent_code ent_net_open(const void *bytes, size_t len, const char *name, ent_net **ret_net, ent_err *err)
{
    return guarded(err, name, [&] {
        cv::setNumThreads(1); /* what runs beside each other is decided above */
        cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
        ent_net *n = new ent_net{cv::dnn::readNetFromONNX(static_cast<const char *>(bytes), len), {}, name};
        n->net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
        n->net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
        n->outputs = n->net.getUnconnectedOutLayersNames();
        *ret_net = n;
        return ENT_OK;
    });
}

extern "C" void ent_net_close(ent_net *net)
{
    delete net;
}

static ent_code copy_out(const ent_net *n, const cv::Mat &m, const ent_net_output *o, ent_err *err)
{
    if (m.type() != CV_32F || m.total() != o->count || !m.isContinuous())
        return ent_fail(err, ENT_UNSUPPORTED, "%s: the network answers %zu numbers where %zu were expected", n->name.c_str(), m.total(), o->count);
    std::memcpy(o->values, m.ptr<float>(), o->count * sizeof(float));
    return ENT_OK;
}

extern "C" ent_code ent_net_run(ent_net *net, const float *input, const int shape[3], const ent_net_output *outputs, size_t count, ent_err *err)
{
    return guarded(err, net->name.c_str(), [&] {
        const int dims[4] = {1, shape[0], shape[1], shape[2]};
        std::vector<std::string> names;
        std::vector<cv::Mat> results;
        for (size_t i = 0; i < count; i++) {
            if (!outputs[i].name && net->outputs.size() != 1)
                return ent_fail(err, ENT_UNSUPPORTED, "%s: one output was expected, the network has %zu", net->name.c_str(), net->outputs.size());
            names.push_back(outputs[i].name ? outputs[i].name : net->outputs[0]);
        }
        net->net.setInput(cv::Mat(4, dims, CV_32F, const_cast<float *>(input)));
        net->net.forward(results, names);
        for (size_t i = 0; i < count; i++) {
            ent_code code = copy_out(net, results[i], &outputs[i], err);
            if (code != ENT_OK) return code;
        }
        return ENT_OK;
    });
}

/* A second arithmetic for networks of plain convolutions: the graph that OpenCV read from ONNX, given to XNNPACK layer by layer. XNNPACK reads no
 * ONNX and OpenCV's convolutions are half as fast (docs/decisions/009-faces.md has both), so one reads and the other calculates. */
#ifndef FACE_FAST_H
#define FACE_FAST_H

#include <cstddef>
#include <memory>
#include <opencv2/dnn.hpp>

class FaceFast {
  public:
    /* shape: channels, height, width of the input. nullptr for a network with a layer, or a use of one, that is not translated; what comes back has agreed
     * with `net` on an input. */
    static std::unique_ptr<FaceFast> of(cv::dnn::Net &net, const int shape[3]);
    virtual ~FaceFast() = default;
    virtual size_t outputs() const = 0;
    /* input: channels x height x width floats. false: XNNPACK failed, and nothing is in ret. */
    virtual bool run(const float *input, float *ret) = 0;
};

#endif

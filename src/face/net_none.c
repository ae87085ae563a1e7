/* In place of net.cc where OpenCV is missing: everything after extraction works, nothing is extracted. */
#include "face/net.h"

#include "base/check.h"

ent_code ent_net_open(const void *bytes, size_t len, const char *name, const int shape[3], ent_net **ret_net, ent_err *err)
{
    (void)bytes, (void)len, (void)shape, (void)ret_net;
    return ent_fail(err, ENT_UNSUPPORTED, "%s: this program was built without OpenCV; install libopencv-dev and build again", name);
}

void ent_net_close(ent_net *net)
{
    ENT_PRE(!net);
}

const char *ent_net_runtime(const ent_net *net)
{
    (void)net;
    return "none";
}

ent_code ent_net_run(ent_net *net, const float *input, const ent_net_output *outputs, size_t count, ent_err *err)
{
    (void)net, (void)input, (void)outputs, (void)count;
    return ent_fail(err, ENT_UNSUPPORTED, "built without OpenCV");
}

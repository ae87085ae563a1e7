#include "node/jobs.h"

#include "flow/capture/read.h"
#include "image/image.h"

const ent_sandbox_job ent_node_jobs[] = {
    {"capture", ent_capture_read}, {"picture", ent_capture_picture}, {"pixels", ent_capture_pixels}, {"image", ent_image_decode_flat}, {0}};

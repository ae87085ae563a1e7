/* What the sandbox runs. */
#ifndef NODE_JOBS_H
#define NODE_JOBS_H

#include "adapter/sandbox/sandbox.h"
#include "flow/capture/read.h"
#include "image/image.h"

/* The node's own, for a table that ends with a zero entry. */
#define ENT_NODE_JOBS {"capture", ent_capture_read}, {"picture", ent_capture_picture}, {"pixels", ent_capture_pixels}, {"image", ent_image_decode_flat}

#endif

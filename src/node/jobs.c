#include "node/jobs.h"

#include "flow/capture/read.h"

const ent_sandbox_job ent_node_jobs[] = {{"capture", ent_capture_read}, {"picture", ent_capture_picture}, {0}};

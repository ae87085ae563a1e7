/* What the sandbox runs. */
#ifndef NODE_JOBS_H
#define NODE_JOBS_H

#include "adapter/sandbox/sandbox.h"

extern const ent_sandbox_job ent_node_jobs[];

#endif

#include "fuzz.h"

#include "adapter/yaml/yaml.h"
#include "law/agreement.h"

/* Whatever is accepted can be asked about, and answers within its own terms. */
static void ask(const ent_agreement *a)
{
    for (size_t i = 0; i < a->flow_count; i++) {
        const ent_flow *f = &a->flow[i];
        ent_ask k = {.holder = f->holder, .requester = f->requester, .flow = f->name, .purpose = f->purpose[0].name,
                     .on_behalf_of = "", .modalities = f->modalities, .today = a->from, .from_file = f->test};
        ent_verdict v;
        ent_agreement_decide(a, &k, &v);
        fuzz_promise(v.flow == f && *v.clause && *v.reason);
        fuzz_promise(v.code == ENT_OK || f->modalities == 1u << ENT_MODALITY_FACE);
        k.used_day = f->per_day;
        ent_agreement_decide(a, &k, &v);
        fuzz_promise(v.code != ENT_OK);
        k.used_day = 0;
        for (size_t t = 0; t < f->on_behalf_count; t++) {
            k.on_behalf_of = f->on_behalf_of[t];
            fuzz_promise(strcmp(k.on_behalf_of, f->holder) != 0 && strcmp(k.on_behalf_of, f->requester) != 0 && ent_agreement_place(a, k.on_behalf_of));
            ent_agreement_decide(a, &k, &v);
            fuzz_promise(v.code == ENT_OK || f->modalities == 1u << ENT_MODALITY_FACE);
        }
        for (size_t t = 0; t < f->onward_count; t++) fuzz_promise(strcmp(f->onward[t], f->holder) != 0 && strcmp(f->onward[t], f->requester) != 0 && ent_agreement_place(a, f->onward[t]));
        fuzz_promise(f->candidates >= 1 && f->candidates <= ENT_AGREEMENT_CANDIDATES);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ent_doc *d = NULL;
    ent_agreement *a = NULL;
    ent_err err = {0};
    if (ent_yaml_read(data, size, "fuzz", &d, NULL) != ENT_OK) return 0;
    if (ent_agreement_read(d, &a, &err) == ENT_OK) {
        fuzz_promise(a->party_count >= 2 && a->witness_count >= 1 && a->flow_count >= 1);
        ask(a);
    } else {
        fuzz_promise(strstr(err.detail, "line ") != NULL);
    }
    ent_agreement_free(a);
    ent_doc_free(d);
    return 0;
}

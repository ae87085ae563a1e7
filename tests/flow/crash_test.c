/* SIGKILL at each commit point of what custodians and the clock do: the node's files are opened again, and the act happened once or not
 * at all, with its ledger entry, and can be finished. (Searches, and a whole node that is killed: tests/node/crash.sh.) */
#include "flow/two_nodes.h"

#include "adapter/file/file.h"
#include "adapter/sqlite/sqlite.h"
#include "base/check.h"
#include "crypto/seal.h"
#include "crypto/share.h"
#include "flow/commit.h"
#include "law/regime_set.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const ent_sandbox_job jobs[] = {{"capture", ent_capture_read}, {"picture", ent_capture_picture}, {"pixels", ent_capture_pixels}, {0}};

typedef struct node {
    ent_flow_config c;
    ent_flow_node *flow;
    ent_story_clock clock;
    ent_story_random random;
    ent_actor custodian, deputy;
    ent_encounter_id encounter[2];
    ent_part_id part;
    const char *die_at; /* NULL: nowhere */
    size_t kinds[256];  /* of the ledger's entries, when the act was armed */
} node;

static char work[64];

/* ---- a node in a folder ---- */

static void count_kinds(const node *n, size_t ret[256])
{
    const ent_ledger *l = &n->c.ledger;
    memset(ret, 0, 256 * sizeof *ret);
    for (uint64_t i = 0; i < l->size(l->self); i++) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        assert_int_equal(l->read(l->self, i, bytes, NULL), ENT_OK);
        ret[bytes[1]]++;
    }
}

/* The next commit of the act is the one that is meant. */
static void arm(node *n)
{
    count_kinds(n, n->kinds);
    if (n->die_at) setenv("ENTENTE_DIE_AT", n->die_at, 1);
}

static void regimes(ent_buf *set, const char *keep)
{
    char text[400];
    snprintf(text, sizeof text, "regime: uk-terrorism-3y\ntitle: T\njurisdiction: uk\nsource: S\nclause: C\nmaterial: [fingerprint, photograph, biographic]\n"
                                "clock-starts: taken\nkeep: %s\nextend: { by: 2 years, times: 1, decided-by: district-judge, applied-for-by: chief-officer, clause: D }\n", keep);
    *set = ENT_BUF(ENT_REGIME_SET_MAX);
    ent_regime_set_add(set, "uk-terrorism-3y", text, strlen(text));
}

static void open_at(node *n, const char *folder, bool fresh, ent_date day, uint64_t seed)
{
    char path[200];
    static ent_buf set;
    ent_err err = {0};
    ent_public_key public;
    ent_file_keys_options o = {.create = fresh, .accept_residue = true, .accept_unlocked_memory = true};
    *n = (node){.clock = {.now = ent_date_start(day)}, .random = {.seed = seed}};
    if (!set.len) regimes(&set, "3 years");
    snprintf(n->c.name, sizeof n->c.name, "gb.example");
    ent_sign_keys((uint8_t[32]){1}, &public, &n->c.identity);
    n->c.clock = ent_story_clock_port(&n->clock);
    n->c.random = ent_story_random_port(&n->random);
    n->c.decoder = ent_sandbox_direct(jobs);
    n->c.read_doc = ent_yaml_read;
    n->c.regime_files = set.data, n->c.regime_files_len = set.len;
    n->c.regime_due_parts = 100, n->c.regime_due_per_mille = 1000;
    n->c.threads = 1;
    snprintf(path, sizeof path, "%s/store.db", folder);
    if (ent_sqlite_store(path, &n->c.store, &err) != ENT_OK) fail_msg("%s", err.detail);
    snprintf(path, sizeof path, "%s/keys", folder);
    if (ent_file_keys(path, &o, n->c.random, &n->c.keys, &err) != ENT_OK) fail_msg("%s", err.detail);
    snprintf(path, sizeof path, "%s/ledger", folder);
    if (ent_file_year_ledger(path, n->c.name, &n->c.identity, fresh ? (uint32_t)day.year : 0, &n->c.ledger, &err) != ENT_OK) fail_msg("%s", err.detail);
    if (ent_flow_open(&n->c, &n->flow, &err) != ENT_OK) fail_msg("%s", err.detail);
    if (fresh) return;
    assert_int_equal(ent_flow_person(n->flow, "c.example", &n->custodian, NULL), ENT_OK);
    assert_int_equal(ent_flow_person(n->flow, "d.example", &n->deputy, NULL), ENT_OK);
}

static void close_node(node *n)
{
    ent_flow_close(n->flow);
    n->c.ledger.close(n->c.ledger.self);
    n->c.keys.close(n->c.keys.self);
    n->c.store.close(n->c.store.self);
}

static void see(void *ctx, const ent_part_view *v)
{
    node *n = ctx;
    if (v->material == ENT_MATERIAL_FINGERPRINT && ent_id_equal(v->encounter.b, n->encounter[0].b)) n->part = v->id;
}

static ent_code enrol(node *n, uint32_t finger, ent_enrolled *ret)
{
    ENT_AUTO_BUF png = ENT_BUF(1);
    ent_enrol_options o = {.taken_under = "ta-2000-s41"};
    story_print(finger, 0, &png);
    return ent_flow_enrol(n->flow, &n->custodian, png.data, png.len, &o, ret, NULL);
}

static ent_public_key key_of(const char *name)
{
    ent_secret_key secret;
    ent_public_key key;
    story_secret(name, &secret);
    ent_sign_public(&secret, &key);
    return key;
}

/* ---- what happens: preparing, and the act ---- */

static ent_legal_event event(ent_legal_event_kind kind) { return (ent_legal_event){.kind = kind, .date = {2026, 3, 10}}; }

static ent_code record(node *n, ent_legal_event e)
{
    ent_part_view v;
    return ent_flow_event(n->flow, &n->custodian, n->part.b, &e, e.date, &v, NULL);
}

static ent_code approve(node *n, size_t number)
{
    ent_part_view v;
    return ent_flow_event_approve(n->flow, &n->deputy, n->part.b, number, true, &v, NULL);
}

static void nothing(node *n) { (void)n; }

static ent_code propose_person(node *n)
{
    ent_public_key key = key_of("o.example");
    bool waits;
    arm(n);
    return ent_flow_person_add(n->flow, &n->custodian, "o.example", ENT_ROLE_OFFICER, &key, &waits, NULL);
}

static void proposed_person(node *n) { assert_int_equal(propose_person(n), ENT_OK); }

static ent_code approve_person(node *n)
{
    char digits[ENT_KEY_DIGITS];
    ent_public_key key = key_of("o.example");
    ent_key_digits(&key, digits);
    arm(n);
    return ent_flow_person_decide(n->flow, &n->deputy, "o.example", digits, NULL);
}

static ent_code enrol_one(node *n)
{
    ent_enrolled e;
    arm(n);
    return enrol(n, 3, &e);
}

static ent_code charge(node *n)
{
    arm(n);
    return record(n, event(ENT_EVENT_CHARGED));
}

static void extension_proposed(node *n)
{
    ent_legal_event e = event(ENT_EVENT_EXTENSION);
    snprintf(e.regime, sizeof e.regime, "uk-terrorism-3y");
    snprintf(e.decided_by, sizeof e.decided_by, "district-judge");
    assert_int_equal(record(n, e), ENT_OK);
}

static ent_code approve_first(node *n)
{
    arm(n);
    return approve(n, 0);
}

static void charged(node *n) { assert_int_equal(charge(n), ENT_OK); }

static ent_code correct_first(node *n)
{
    ent_part_view v;
    arm(n);
    return ent_flow_event_correct(n->flow, &n->custodian, n->part.b, 0, &v, NULL);
}

static ent_code link_both(node *n)
{
    arm(n);
    return ent_flow_link(n->flow, &n->custodian, n->encounter[0].b, n->encounter[1].b, NULL);
}

static void linked(node *n) { assert_int_equal(link_both(n), ENT_OK); }

static ent_code unlink_one(node *n)
{
    arm(n);
    return ent_flow_unlink(n->flow, &n->custodian, n->encounter[0].b, NULL);
}

static void held_without_a_power(node *n)
{
    ent_legal_event hold = event(ENT_EVENT_HOLD);
    hold.until = (ent_date){2030, 1, 1};
    assert_int_equal(record(n, hold), ENT_OK);
    assert_int_equal(record(n, event(ENT_EVENT_UNLAWFUL)), ENT_OK);
    assert_int_equal(approve(n, 1), ENT_OK);
}

static ent_code run(node *n)
{
    size_t destroyed;
    arm(n);
    return ent_flow_retention_run(n->flow, &n->custodian, false, &destroyed, NULL);
}

static void in_hold_store(node *n)
{
    held_without_a_power(n);
    assert_int_equal(run(n), ENT_OK);
}

static ent_code one_word(node *n, const ent_actor *who, bool *opened)
{
    ent_secret_key secret;
    ENT_AUTO_BUF box = ENT_BUF(1024), share = ENT_BUF(1024);
    story_secret(who->name, &secret);
    ENT_TRY(ent_flow_hold_share(n->flow, who, n->part.b, &box, NULL));
    ENT_TRY(ent_unseal_as(&secret, ENT_BYTES(box.data, box.len), &share, NULL));
    return ent_flow_hold_open(n->flow, who, &(ent_hold_ask){n->part.b, share.data, "R v Exempla"}, NULL, NULL, opened, NULL);
}

static ent_code two_words(node *n)
{
    bool opened = false;
    ENT_TRY(one_word(n, &n->custodian, &opened));
    arm(n);
    ENT_TRY(one_word(n, &n->deputy, &opened));
    return opened ? ENT_OK : ENT_REFUSED;
}

static ent_code propose_regimes(node *n)
{
    ENT_AUTO_BUF set = ENT_BUF(1);
    ent_regime_change c;
    regimes(&set, "2 years");
    arm(n);
    return ent_flow_regime_propose(n->flow, &n->custodian, set.data, set.len, false, &c, NULL);
}

static void proposed_regimes(node *n) { assert_int_equal(propose_regimes(n), ENT_OK); }

static ent_code decide_regimes(node *n, bool agree)
{
    ent_regime_change c;
    arm(n);
    return ent_flow_regime_approve(n->flow, &n->deputy, agree, NULL, &c, NULL);
}

static ent_code approve_regimes(node *n) { return decide_regimes(n, true); }
static ent_code drop_regimes(node *n) { return decide_regimes(n, false); }

static ent_code destroy_one(node *n)
{
    ent_destroyed d;
    arm(n);
    return ent_flow_destroy(n->flow, &n->custodian, n->encounter[0].b, "test", &d, NULL);
}

static void both_destroyed(node *n)
{
    ent_destroyed d;
    for (int i = 0; i < 2; i++) assert_int_equal(ent_flow_destroy(n->flow, &n->custodian, n->encounter[i].b, "test", &d, NULL), ENT_OK);
}

static ent_code years_later(node *n)
{
    n->clock.now = ent_date_start((ent_date){2040, 1, 1});
    arm(n);
    return ent_flow_tick(n->flow, NULL);
}

static void one_confirms(node *n)
{
    ent_time_view t;
    assert_int_equal(ent_flow_time_confirm(n->flow, &n->custodian, &t, NULL), ENT_OK);
}

static ent_code another_confirms(node *n)
{
    ent_time_view t;
    arm(n);
    return ent_flow_time_confirm(n->flow, &n->deputy, &t, NULL);
}

static ent_code end_epoch(node *n)
{
    uint32_t epoch;
    arm(n);
    return ent_flow_epoch_end(n->flow, &n->custodian, &epoch, NULL);
}

static ent_code answer_a_person(node *n)
{
    ent_access_ask ask = {.ori = "GB/X", .tcn = "1", .document = ""};
    ent_access *a = NULL;
    arm(n);
    ent_code code = ent_flow_access(n->flow, &n->custodian, &ask, &a, NULL);
    ent_access_free(a);
    return code;
}

static ent_code note_backup(node *n)
{
    ENT_AUTO_BUF note = ENT_BUF(8192);
    arm(n);
    return ent_flow_backup_note(n->flow, &n->custodian, &note, NULL);
}

static ent_code note_gap(node *n)
{
    arm(n);
    return ent_flow_gap_note(n->flow, "statement", 9, NULL);
}

static ent_code propose_desk(node *n)
{
    ent_public_key key = key_of("desk-1");
    arm(n);
    return ent_flow_desk_propose(n->flow, &n->custodian, "desk-1", &key, false, NULL);
}

static const struct {
    const char *batch;
    void (*prepare)(node *n);
    ent_code (*act)(node *n);
    bool again; /* done again it does what is left, so it is, and nothing twice */
} acts[] = {
    {"person", nothing, propose_person, false},
    {"person", proposed_person, approve_person, false},
    {"enrol", nothing, enrol_one, false},
    {"event", nothing, charge, false},
    {"event", extension_proposed, approve_first, false},
    {"event", charged, correct_first, false},
    {"link", nothing, link_both, false},
    {"link", linked, unlink_one, false},
    {"hold", held_without_a_power, run, true},
    {"hold-open", in_hold_store, two_words, false},
    {"regime-propose", nothing, propose_regimes, false},
    {"regime-approve", proposed_regimes, approve_regimes, false},
    {"regime-reject", proposed_regimes, drop_regimes, false},
    {"settle", proposed_regimes, approve_regimes, false},
    {"destroy", nothing, destroy_one, false},
    {"tombstones-end", both_destroyed, years_later, true},
    {"time", one_confirms, another_confirms, false},
    {"epoch", nothing, end_epoch, false},
    {"access", nothing, answer_a_person, false},
    {"backup", nothing, note_backup, false},
    {"gap", nothing, note_gap, false},
    {"desk", nothing, propose_desk, false},
};

/* ---- killing ---- */

static void copy_folder(const char *from, const char *to)
{
    char command[400];
    snprintf(command, sizeof command, "rm -rf %s/%s; cp -a %s/%s %s/%s", work, to, work, from, work, to);
    assert_int_equal(system(command), 0);
}

static void folder_of(const char *name, char ret[100]) { snprintf(ret, 100, "%s/%s", work, name); }

static void whose(node *n)
{
    char path[100];
    folder_of("ids", path);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(n->encounter, sizeof n->encounter, 1, f), 1);
    fclose(f);
    assert_int_equal(ent_flow_parts(n->flow, &n->custodian, see, n, NULL), ENT_OK);
}

static void make_base(void)
{
    char folder[100], path[200];
    node n;
    folder_of("base", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, i ? "ledger" : "keys");
        assert_int_equal(mkdir(path, 0700), 0);
    }
    open_at(&n, folder, true, (ent_date){2026, 3, 10}, 1);
    ent_public_key c = key_of("c.example"), d = key_of("d.example");
    story_works(n.flow, NULL, NULL, "c.example", ENT_ROLE_CUSTODIAN, &c);
    assert_int_equal(ent_flow_person(n.flow, "c.example", &n.custodian, NULL), ENT_OK);
    story_works(n.flow, &n.custodian, NULL, "d.example", ENT_ROLE_CUSTODIAN, &d);
    for (uint32_t i = 0; i < 2; i++) {
        ent_enrolled e;
        assert_int_equal(enrol(&n, i + 1, &e), ENT_OK);
        n.encounter[i] = e.encounter;
    }
    folder_of("ids", folder);
    FILE *f = fopen(folder, "wb");
    assert_int_equal(fwrite(n.encounter, sizeof n.encounter, 1, f), 1);
    fclose(f);
    close_node(&n);
}

/* Ends in a child at the point; a child that comes to its end exits with 1. */
static void kill_at(size_t which, const char *folder, const char *point)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char name[96];
        node n;
        snprintf(name, sizeof name, "%s.%s", acts[which].batch, point);
        open_at(&n, folder, false, (ent_date){2026, 3, 10}, 7);
        whose(&n);
        n.die_at = name;
        (void)!acts[which].act(&n);
        _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) fail_msg("%s.%s: the act does not come there", acts[which].batch, point);
}

static void at_point(size_t which, const char *point, const size_t before[256], const size_t after[256])
{
    char folder[100];
    size_t now[256];
    node n;
    const char *batch = acts[which].batch;
    folder_of("killed", folder);
    copy_folder("prepared", "killed");
    kill_at(which, folder, point);
    open_at(&n, folder, false, (ent_date){2026, 3, 10}, 8); /* finishes what was begun */
    whose(&n);
    assert_int_equal(ent_outbox_count(n.flow), 0);
    count_kinds(&n, now);
    bool undone = strcmp(point, "before-persist") == 0 && strcmp(batch, "settle") != 0; /* the next start settles */
    if (undone && !acts[which].again) assert_memory_equal(now, before, sizeof now);
    if (undone || acts[which].again) {
        if (acts[which].act(&n) != ENT_OK) fail_msg("%s.%s: it cannot be done again", batch, point);
        count_kinds(&n, now);
    }
    bool twice = undone && strcmp(batch, "hold-open") == 0; /* the first word had been written, and is said again */
    for (int k = 0; k < 256; k++)
        if (now[k] != after[k] + (twice && k == ENT_ENTRY_HELD)) fail_msg("%s.%s: %zu entries of kind %d, not %zu", batch, point, now[k], k, after[k]);
    close_node(&n);
}

static void one_act(size_t which)
{
    static const char *const points[] = {"before-persist", "after-persist", "after-append", "before-tell"};
    char folder[100];
    size_t before[256], after[256];
    node n;
    copy_folder("base", "prepared");
    folder_of("prepared", folder);
    open_at(&n, folder, false, (ent_date){2026, 3, 10}, 2 + which);
    whose(&n);
    acts[which].prepare(&n);
    close_node(&n);
    copy_folder("prepared", "undisturbed");
    folder_of("undisturbed", folder);
    open_at(&n, folder, false, (ent_date){2026, 3, 10}, 100);
    whose(&n);
    if (acts[which].act(&n) != ENT_OK) fail_msg("%s: the act is refused undisturbed", acts[which].batch);
    memcpy(before, n.kinds, sizeof before);
    count_kinds(&n, after);
    close_node(&n);
    for (size_t i = 0; i < 4; i++) at_point(which, points[i], before, after);
    if (strcmp(acts[which].batch, "destroy") == 0) at_point(which, "after-key", before, after);
}

static void each_act(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) one_act(i);
}

static int begin(void **state)
{
    (void)state;
    const char *fast = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(work, sizeof work, "%s/entente-crash-XXXXXX", fast);
    if (!mkdtemp(work)) return -1;
    make_base();
    return 0;
}

static int end(void **state)
{
    char command[100];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", work);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_act)};
    return cmocka_run_group_tests(tests, begin, end);
}

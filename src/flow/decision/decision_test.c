#include "base/test.h"

#include "flow/decision/decision.h"

#include <math.h>

static ent_finger_table table_of(size_t rows, size_t columns, bool known)
{
    ent_finger_table t = {.rows = rows, .columns = columns};
    for (uint8_t i = 0; i < 10; i++) t.row_finger[i] = t.column_finger[i] = known ? (uint8_t)(i + 1) : 0;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) t.score[i][j] = known && i != j ? -1 : 5;
    return t;
}

/* Of known fingers every one counts, alike or not, the best first; those that only one side has do not. */
static void known_fingers(void **state)
{
    (void)state;
    ent_finger_table t = table_of(2, 4, true);
    ent_evidence e = {0};
    t.score[0][0] = 12, t.score[1][1] = 70;
    ent_evidence_fingers(&t, &e);
    assert_int_equal(e.fingers, 2);
    assert_true(e.finger[0] > 69 && e.finger[1] > 11 && e.finger[1] < 13);
    assert_true(e.ways > 0.9 && e.ways < 1.1);
}

/* A finger that was taken twice counts once, by its better print, and the choice is told. */
static void one_finger_twice(void **state)
{
    (void)state;
    ent_finger_table t = table_of(2, 1, true);
    ent_evidence e = {0};
    t.row_finger[1] = 1;
    t.score[0][0] = 30, t.score[1][0] = 60;
    ent_evidence_fingers(&t, &e);
    assert_int_equal(e.fingers, 1);
    assert_true(e.finger[0] > 59);
    assert_true(e.ways > 1.9 && e.ways < 2.1);
}

/* Of unknown fingers only the pairs that speak for one person count, no print twice, and in how many ways they could be chosen. */
static void unknown_fingers(void **state)
{
    (void)state;
    ent_finger_table t = table_of(2, 3, false);
    ent_evidence e = {0};
    t.score[0][2] = 65, t.score[1][2] = 64, t.score[1][0] = 50;
    ent_evidence_fingers(&t, &e);
    assert_int_equal(e.fingers, 2);
    assert_true(e.finger[0] > 64 && e.finger[1] > 49 && e.finger[1] < 51);
    assert_true(e.ways > 5.9 && e.ways < 6.1);
    t.score[1][0] = 8;
    ent_evidence_fingers(&t, &e);
    assert_int_equal(e.fingers, 1);
    assert_true(e.ways > 5.9 && e.ways < 6.1);
}

/* No finger in common: no evidence, and no hit. */
static void nothing_in_common(void **state)
{
    (void)state;
    ent_finger_table t = table_of(1, 1, true);
    ent_evidence e = {.prints = 1, .compared = 1000};
    ent_flow flow = {.false_hits_per_day = 1, .per_day = 10};
    t.column_finger[0] = 7, t.score[0][0] = -1;
    ent_evidence_fingers(&t, &e);
    assert_int_equal(e.fingers, 0);
    assert_false(ent_decide(&flow, &e).hit);
}

/* Two fingers that are each too little for a large gallery are a hit together, on measured shares alone; one of them is none, and a
 * second finger that is not alike takes a hit away. */
static void together(void **state)
{
    (void)state;
    ent_flow flow = {.false_hits_per_day = 1, .per_day = 1000};
    ent_evidence one = {.finger = {56}, .fingers = 1, .ways = 1, .prints = 1, .compared = 200}, both = one, torn = one;
    both.finger[1] = 56, both.fingers = 2;
    ent_decision alone = ent_decide(&flow, &one), pair = ent_decide(&flow, &both);
    assert_false(alone.hit);
    assert_true(pair.hit && !pair.extrapolated);
    assert_true(pair.expected_false_hits < alone.expected_false_hits);
    torn.finger[0] = 75, torn.finger[1] = 3, torn.fingers = 2;
    assert_false(ent_decide(&flow, &torn).hit);
}

static ent_decision with_face(double prints, double face, const ent_face_fusion *fusion, bool face_alone)
{
    ent_flow flow = {.false_hits_per_day = 1, .per_day = 10, .face_alone = face_alone};
    ent_evidence e = {.finger = {prints}, .fingers = prints > 0, .ways = 1, .prints = 1, .compared = 100, .with_face = true, .face = {.known = true, .ratio = face}};
    if (fusion) e.fusion = *fusion;
    return ent_decide(&flow, &e);
}

/* A face adds to prints, or takes from them, by the fit on joint scores; whatever the fit says, both together claim no more than the sum of both, and what
 * speaks against claims no more than by itself. Without a fit they are summed. */
static void weighed_together(void **state)
{
    const ent_face_fusion fit = {.fitted = true, .offset = -1.4, .prints = 2.3, .face = 1.1}, steep = {.fitted = true, .offset = 0, .prints = 9, .face = 9};
    double weak = ent_finger_llr(45).ratio, prints = ent_finger_llr(50).ratio, both = -1.4 + 2.3 * weak + 1.1 * 1.5;
    (void)state;
    assert_true(weak > 0 && prints > weak && both > 0 && both < weak + 1.5);
    assert_true(fabs(with_face(45, 1.5, NULL, false).ratio - (weak + 1.5)) < 1e-9);
    assert_true(fabs(with_face(45, 1.5, &fit, false).ratio - both) < 1e-9);
    assert_true(fabs(with_face(50, 4.5, &steep, false).ratio - (prints + 4.5)) < 1e-9);
    assert_true(fabs(with_face(50, -2.2, &fit, false).ratio - (-1.4 + 2.3 * prints - 1.1 * 2.2)) < 1e-9);
    assert_true(fabs(with_face(50, -2.2, &steep, false).ratio - -2.2) < 1e-9); /* not lower than the face by itself */
    ent_decision better = with_face(50, 3, &fit, false), worse = with_face(50, 0, &fit, false);
    assert_true(better.ratio > worse.ratio && better.expected_false_hits < worse.expected_false_hits);
}

/* However like a face is, alone it is never a hit, unless the flow says that it may be. */
static void a_face_alone(void **state)
{
    (void)state;
    ent_decision never = with_face(0, 4.5, NULL, false), may = with_face(0, 4.5, NULL, true);
    assert_false(never.hit);
    assert_true(may.hit && may.ratio > 4.4 && may.expected_false_hits < 0.01);
}

/* A single finger beyond what was measured is a hit for a small gallery by what was measured, and for a large one by the tail: told. */
static void tail_is_told(void **state)
{
    (void)state;
    ent_flow flow = {.false_hits_per_day = 1, .per_day = 10};
    ent_evidence e = {.finger = {90}, .fingers = 1, .ways = 1, .prints = 1, .compared = 100};
    ent_decision small = ent_decide(&flow, &e);
    assert_true(small.hit && !small.extrapolated);
    e.compared = 100000;
    ent_decision large = ent_decide(&flow, &e);
    assert_true(large.hit && large.extrapolated);
    e.compared = 1000000000;
    assert_false(ent_decide(&flow, &e).hit); /* nor is the tail without end */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_fingers), cmocka_unit_test(one_finger_twice), cmocka_unit_test(unknown_fingers),
                                       cmocka_unit_test(nothing_in_common), cmocka_unit_test(together), cmocka_unit_test(weighed_together), cmocka_unit_test(a_face_alone), cmocka_unit_test(tail_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

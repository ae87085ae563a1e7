#include "image/wsq.h"

#include <stddef.h>

/* The four quarters by place: top left, top right, bottom left, bottom right. Of an odd side the low half has one more; a
 * flipped side has its high half first. The quarter that is high in a direction is flipped in it at the next level. */
static void split(const wsq_region *r, wsq_region ret[4])
{
    uint32_t w0 = r->flip_x ? r->width / 2 : (r->width + 1) / 2, h0 = r->flip_y ? r->height / 2 : (r->height + 1) / 2;
    for (int i = 0; i < 4; i++)
        ret[i] = (wsq_region){.x = r->x + (i & 1 ? w0 : 0), .y = r->y + (i & 2 ? h0 : 0), .width = i & 1 ? r->width - w0 : w0,
                              .height = i & 2 ? r->height - h0 : h0, .flip_x = i & 1, .flip_y = (i & 2) != 0};
}

/* Sixteen bands of a region that is transformed twice, in order. */
static void sixteen(const wsq_region *r, wsq_region *ret)
{
    wsq_region quarter[4];
    split(r, quarter);
    for (int i = 0; i < 4; i++) split(&quarter[i], ret + 4 * i);
}

void wsq_plan(uint32_t width, uint32_t height, wsq_tree *t)
{
    wsq_region whole[4], low[4], some[4];
    wsq_region bands[16];
    t->node[0] = (wsq_region){.width = width, .height = height};
    split(&t->node[0], whole);
    for (int i = 0; i < 3; i++) t->node[1 + i] = whole[i];
    split(&whole[0], low);
    t->node[4] = low[1];
    t->node[5] = low[2];
    split(&low[1], some);
    for (int i = 0; i < 4; i++) t->node[6 + i] = some[i];
    split(&low[2], some);
    for (int i = 0; i < 4; i++) t->node[10 + i] = some[i];
    t->node[14] = low[0];
    split(&low[0], some);
    for (int i = 0; i < 4; i++) t->node[15 + i] = some[i];
    split(&some[0], bands);
    t->node[19] = bands[0];

    split(&t->node[19], t->band); /* 0 to 3 */
    sixteen(&low[0], bands);
    for (int i = 1; i < 16; i++) t->band[3 + i] = bands[i]; /* 4 to 18 */
    sixteen(&low[1], t->band + 19);                         /* 19 to 34 */
    sixteen(&low[2], t->band + 35);                         /* 35 to 50 */
    t->band[51] = low[3];
    for (int i = 1; i < 4; i++) split(&whole[i], t->band + 48 + 4 * i); /* 52 to 63 */
}

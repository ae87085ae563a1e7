/* Quality of a print, 0 to 100: what foretells that another impression of the finger will be found again. */
#include "finger/canvas.h"
#include "finger/arith.h"

int finger_quality(const finger_canvas *c, const ent_finger_minutia *minutiae, size_t count)
{
    size_t cells = (size_t)c->cols * (size_t)c->rows, foreground = 0;
    double sum = 0, clear = 0;
    for (size_t i = 0; i < cells; i++) foreground += c->mask[i], sum += c->quality[i];
    for (size_t i = 0; i < count; i++) clear += minutiae[i].quality >= 70;
    double mean = foreground ? sum / (double)foreground : 0, area = (double)foreground / 1000;
    double found = clear / 25;
    double q = 0.9 * mean * (area < 1 ? area * (2 - area) : 1) * (found < 1 ? 0.2 + 0.8 * found : 1);
    return finger_min(100, finger_max(0, finger_round(q)));
}

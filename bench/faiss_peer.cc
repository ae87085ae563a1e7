// A flat float index of faiss as the distribution builds it, one thread and one probe at a time: what a face gallery is compared with (bench/face.sh).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <faiss/IndexFlat.h>
#include <omp.h>
#include <random>
#include <vector>

static double own_ms()
{
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return double(t.tv_sec) * 1e3 + double(t.tv_nsec) * 1e-6;
}

static double median_ms(const faiss::IndexFlatIP &index, const std::vector<float> &v, int together, int rounds)
{
    std::vector<double> ms;
    std::vector<float> scores(together);
    std::vector<faiss::Index::idx_t> ids(together);
    for (int i = 0; i < rounds; i++) {
        double t0 = own_ms();
        index.search(together, v.data() + size_t(i) * index.d, 1, scores.data(), ids.data());
        ms.push_back((own_ms() - t0) / together);
    }
    std::sort(ms.begin(), ms.end());
    return ms[ms.size() / 2];
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], nullptr, 10) : 1000000, d = argc > 2 ? strtoul(argv[2], nullptr, 10) : 128;
    omp_set_num_threads(1);
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::vector<float> v(n * d);
    for (float &x : v) x = normal(random);
    faiss::IndexFlatIP index(static_cast<faiss::Index::idx_t>(d));
    index.add(static_cast<faiss::Index::idx_t>(n), v.data());
    printf("faiss IndexFlatIP, %zu x %zu, one thread: one probe %.3f ms, 64 together %.3f ms each\n", n, d, median_ms(index, v, 1, 15), median_ms(index, v, 64, 3));
}

/* Runs every file of the folders that are named through a fuzz target: how its corpus becomes a normal test. With
 * -Dfuzz=true libFuzzer's own main takes this one's place. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0) return 1;
    long size = ftell(f);
    rewind(f);
    uint8_t *data = size >= 0 ? malloc((size_t)size + 1) : NULL;
    int bad = !data || fread(data, 1, (size_t)size, f) != (size_t)size;
    fclose(f);
    if (!bad) LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    return bad;
}

static int run_folder(const char *folder)
{
    DIR *d = opendir(folder);
    int bad = !d, count = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[4096];
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        bad |= run_file(path);
        count++;
    }
    if (d) closedir(d);
    printf("%s: %d files\n", folder, count);
    return bad || count == 0;
}

int main(int argc, char **argv)
{
    int bad = argc < 2;
    for (int i = 1; i < argc; i++) bad |= run_folder(argv[i]);
    return bad;
}

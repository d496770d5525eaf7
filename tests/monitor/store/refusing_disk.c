/* A disk that refuses: preloaded, it counts writes, syncs and cuts of files of a store, and fails one of them.
 *
 * REFUSE_AT   which call fails, from 1 on (0: none, only count)    REFUSE_WITH   an errno, or 0 for a short write
 * REFUSE_IN   the data folder                                      REFUSE_COUNT  a file that gets the number of calls
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/types.h>

static long calls;

static int ours(int handle)
{
    char link[64], path[4096];
    const char *folder = getenv("REFUSE_IN");
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!folder || length < 0)
        return 0;
    path[length] = 0;
    return strncmp(path, folder, strlen(folder)) == 0 && !strstr(path, "store.lock") && !strstr(path, "-shm");
}

/* 0: let it through; 1: refuse with errno; 2: write half */
static int verdict(int handle, size_t size)
{
    if (!ours(handle))
        return 0;
    long at = atol(getenv("REFUSE_AT") ? getenv("REFUSE_AT") : "0");
    int with = atoi(getenv("REFUSE_WITH") ? getenv("REFUSE_WITH") : "5");
    if (__sync_add_and_fetch(&calls, 1) != at)
        return 0;
    if (with == 0)
        return size > 1 ? 2 : 0;
    errno = with;
    return 1;
}

__attribute__((destructor)) static void tell(void)
{
    const char *name = getenv("REFUSE_COUNT");
    FILE *file = name ? fopen(name, "w") : NULL;
    if (file) {
        fprintf(file, "%ld", calls);
        fclose(file);
    }
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int handle, const void *data, size_t size)
{
    int said = verdict(handle, size);
    return said == 1 ? -1 : REAL(write)(handle, data, said == 2 ? size / 2 : size);
}

ssize_t pwrite(int handle, const void *data, size_t size, off_t where)
{
    int said = verdict(handle, size);
    return said == 1 ? -1 : REAL(pwrite)(handle, data, said == 2 ? size / 2 : size, where);
}

ssize_t pwrite64(int handle, const void *data, size_t size, off64_t where)
{
    int said = verdict(handle, size);
    return said == 1 ? -1 : REAL(pwrite64)(handle, data, said == 2 ? size / 2 : size, where);
}

int fsync(int handle)
{
    return verdict(handle, 0) == 1 ? -1 : REAL(fsync)(handle);
}

int fdatasync(int handle)
{
    return verdict(handle, 0) == 1 ? -1 : REAL(fdatasync)(handle);
}

int ftruncate(int handle, off_t length)
{
    return verdict(handle, 0) == 1 ? -1 : REAL(ftruncate)(handle, length);
}

int ftruncate64(int handle, off64_t length)
{
    return verdict(handle, 0) == 1 ? -1 : REAL(ftruncate64)(handle, length);
}

/*
 * A client of the metadata protocol, version 2, that shares no code with Zonda: get, put, delete and keys over the
 * zone's socket, with the exit statuses of mdata-get(8). Usage: metadata-client SOCKET CODE [KEY [VALUE]]; without a
 * value, put reads it from standard input.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FOUND = 0, NOT_FOUND = 1, FAILED = 2, USAGE = 3 };

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void *memory(size_t size) {
    void *block = calloc(1, size);
    if (block == NULL)
        err(FAILED, "memory");
    return block;
}

static char *encode(const unsigned char *bytes, size_t length) {
    char *text = memory(4 * (length / 3 + 1) + 1);
    char *end = text;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t three = (uint32_t)bytes[i] << 16;
        if (left > 1)
            three |= (uint32_t)bytes[i + 1] << 8;
        if (left > 2)
            three |= bytes[i + 2];
        *end++ = DIGITS[three >> 18];
        *end++ = DIGITS[three >> 12 & 63];
        *end++ = left > 1 ? DIGITS[three >> 6 & 63] : '=';
        *end++ = left > 2 ? DIGITS[three & 63] : '=';
    }
    return text;
}

static unsigned char *decode(const char *text, size_t *length) {
    unsigned char *bytes = memory(strlen(text) + 1);
    uint32_t bits = 0;
    int held = 0;
    *length = 0;
    for (; *text != '\0' && *text != '='; text++) {
        const char *digit = strchr(DIGITS, *text);
        if (digit == NULL)
            errx(FAILED, "the answer is not in base64");
        bits = bits << 6 | (uint32_t)(digit - DIGITS);
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[(*length)++] = (unsigned char)(bits >> held);
        }
    }
    return bytes;
}

/* CRC-32 of IEEE 802.3. */
static uint32_t checksum(const char *text) {
    uint32_t sum = UINT32_MAX;
    for (; *text != '\0'; text++) {
        sum ^= (unsigned char)*text;
        for (int bit = 0; bit < 8; bit++)
            sum = sum & 1 ? sum >> 1 ^ UINT32_C(0xEDB88320) : sum >> 1;
    }
    return ~sum;
}

static FILE *service(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        errx(USAGE, "%s: too long", path);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        err(FAILED, "%s", path);
    FILE *stream = fdopen(fd, "r+");
    if (stream == NULL)
        err(FAILED, "%s", path);
    return stream;
}

static char *line(FILE *stream) {
    char *text = NULL;
    size_t size = 0;
    ssize_t length = getline(&text, &size, stream);
    if (length < 1 || text[length - 1] != '\n')
        errx(FAILED, "no answer");
    text[length - 1] = '\0';
    return text;
}

static void say(FILE *stream, const char *text) {
    if (fprintf(stream, "%s\n", text) < 0 || fflush(stream) != 0)
        err(FAILED, "write");
}

/* Sends a blank line, so that what another client began is over, and asks for version 2. */
static void negotiate(FILE *stream) {
    say(stream, "");
    if (strcmp(line(stream), "invalid command") != 0)
        errx(FAILED, "a blank line is no invalid command");
    say(stream, "NEGOTIATE V2");
    if (strcmp(line(stream), "V2_OK") != 0)
        errx(FAILED, "version 2 is not spoken");
}

/* One request; the code of the answer, whose payload is where the last argument points. */
static char *ask(FILE *stream, const char *code, const char *payload, char **answered) {
    static const char ID[] = "c0ffee01";
    char *body = memory(strlen(code) + strlen(payload) + 32);
    sprintf(body, *payload == '\0' ? "%s %s%s" : "%s %s %s", ID, code, payload);
    fprintf(stream, "V2 %zu %08x ", strlen(body), checksum(body));
    say(stream, body);

    char *answer = line(stream);
    size_t length = 0;
    unsigned sum = 0;
    int head = 0;
    if (sscanf(answer, "V2 %zu %8x %n", &length, &sum, &head) != 2 || head == 0)
        errx(FAILED, "no frame: %.80s", answer);
    char *rest = answer + head;
    if (strlen(rest) != length || checksum(rest) != sum)
        errx(FAILED, "length or checksum is wrong: %.80s", answer);
    if (strncmp(rest, ID, strlen(ID)) != 0 || rest[strlen(ID)] != ' ')
        errx(FAILED, "the answer to another request: %.80s", rest);
    char *word = strtok(rest + strlen(ID), " ");
    char *value = strtok(NULL, " ");
    *answered = value == NULL ? "" : value;
    return word;
}

static char *from_input(void) {
    size_t length = 0;
    size_t room = 1 << 20;
    unsigned char *bytes = memory(room);
    while (length < room) {
        size_t more = fread(bytes + length, 1, room - length, stdin);
        if (more == 0)
            break;
        length += more;
    }
    return encode(bytes, length);
}

static char *payload(const char *code, int count, char **words) {
    if (count == 0)
        return "";
    char *key = encode((const unsigned char *)words[0], strlen(words[0]));
    if (strcmp(code, "PUT") != 0)
        return key;
    char *value = count > 1 ? encode((const unsigned char *)words[1], strlen(words[1])) : from_input();
    char *both = memory(strlen(key) + strlen(value) + 2);
    sprintf(both, "%s %s", key, value);
    return encode((const unsigned char *)both, strlen(both));
}

int main(int argc, char **argv) {
    if (argc < 3 || (argc < 4) != (strcmp(argv[2], "KEYS") == 0))
        errx(USAGE, "Usage: %s SOCKET GET|PUT|DELETE|KEYS [KEY [VALUE]]", argv[0]);
    FILE *stream = service(argv[1]);
    negotiate(stream);
    char *answered = "";
    char *code = ask(stream, argv[2], payload(argv[2], argc - 3, argv + 3), &answered);
    size_t length = 0;
    unsigned char *value = decode(answered, &length);
    if (code != NULL && strcmp(code, "SUCCESS") == 0) {
        fwrite(value, 1, length, stdout);
        return FOUND;
    }
    if (code != NULL && strcmp(code, "NOTFOUND") == 0) {
        fprintf(stderr, "No metadata for '%s'\n", argc > 3 ? argv[3] : "");
        return NOT_FOUND;
    }
    fprintf(stderr, "ERROR: %.*s\n", (int)length, (char *)value);
    return FAILED;
}

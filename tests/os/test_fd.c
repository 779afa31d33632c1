/* Descriptors and messages that carry them. */
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "message.h"

static int made_file(const char *text)
{
	int fd = -1;

	assert_int_equal(ov_fd_memory("test", &fd), OV_OK);
	assert_int_equal(ov_fd_write(fd, text, strlen(text)), OV_OK);
	return fd;
}

static void opening(void **state)
{
	int fd = -7;

	(void)state;
	assert_int_equal(ov_fd_open_read("/nonexistent/file", &fd), OV_IO);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fd, -7);
	assert_int_equal(ov_fd_open_read("/dev/null", &fd), OV_OK);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
	ov_fd_close(&fd);
	assert_int_equal(fd, -1);
	ov_fd_close(&fd); /* twice is harmless */
}

static void a_fifo_without_a_writer_does_not_block(void **state)
{
	char folder[] = "/tmp/overt-test-XXXXXX", path[64];
	int fd = -1;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(ov_fd_open_read(path, &fd), OV_OK);
	ov_fd_close(&fd);
	(void)unlink(path);
	(void)rmdir(folder);
}

static void facts(void **state)
{
	struct ov_fd_facts f;
	int fd = made_file("12345"), pair[2];

	(void)state;
	assert_int_equal(ov_fd_facts(fd, &f), OV_OK);
	assert_int_equal(f.kind, OV_FD_FILE);
	assert_int_equal(f.size, 5);
	ov_fd_close(&fd);
	assert_int_equal(pipe(pair), 0);
	assert_int_equal(ov_fd_facts(pair[0], &f), OV_OK);
	assert_int_equal(f.kind, OV_FD_STREAM);
	ov_fd_close(&pair[0]);
	ov_fd_close(&pair[1]);
	assert_int_equal(ov_fd_open_read("/", &fd), OV_OK);
	assert_int_equal(ov_fd_facts(fd, &f), OV_OK);
	assert_int_equal(f.kind, OV_FD_FOLDER);
	ov_fd_close(&fd);
	assert_int_equal(ov_fd_facts(-1, &f), OV_IO);
}

static void source_over_a_file(void **state)
{
	int fd = made_file("hello world");
	struct ov_src s = ov_fd_src(&fd, 11);
	char text[16] = "";
	size_t got = 0;

	(void)state;
	assert_int_equal(ov_src_read(&s, 6, text, 5), OV_OK);
	assert_memory_equal(text, "world", 5);
	assert_int_equal(ov_src_read(&s, 6, text, 6), OV_SHORT);
	assert_int_equal(ftruncate(fd, 8), 0); /* shrinks while it is read */
	assert_int_equal(ov_src_read(&s, 6, text, 5), OV_SHORT);
	assert_int_equal(ov_src_read_upto(&s, 6, text, 5, &got), OV_OK);
	assert_int_equal(got, 2);
	assert_int_equal(ov_fd_pread(&fd, UINT64_MAX - 2, (uint8_t *)text, 5, &got), OV_IO);
	ov_fd_close(&fd);
	assert_int_equal(ov_src_read(&s, 0, text, 5), OV_IO);
}

static void large_offsets(void **state)
{
	const uint64_t far = (uint64_t)50 << 30;
	struct ov_src s;
	uint8_t byte = 1;
	int fd = made_file("");

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)(far + 1)), 0);
	s = ov_fd_src(&fd, far + 1);
	assert_int_equal(ov_src_read(&s, far, &byte, 1), OV_OK);
	assert_int_equal(byte, 0);
	ov_fd_close(&fd);
}

static void sealed_memory_stays_as_it_is(void **state)
{
	int fd = made_file("fixed");

	(void)state;
	assert_int_equal(ov_fd_seal(fd), OV_OK);
	assert_int_equal(ov_fd_write(fd, "x", 1), OV_IO);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_ptr_equal(mmap(NULL, 5, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	ov_fd_close(&fd);
}

static void messages_carry_descriptors(void **state)
{
	const int before = ov_fd_count();
	int a = -1, b = -1, fd = made_file("carried");
	struct ov_received r;
	char text[16] = "", body[8] = "";
	size_t got = 0;

	(void)state;
	assert_int_equal(ov_message_pair(&a, &b), OV_OK);
	assert_int_equal(ov_message_recv(b, text, sizeof text, false, &r), OV_SHORT);
	assert_int_equal(
	    ov_message_send(
		a,
		&(struct ov_message){
		    .head = "he", .nhead = 2, .body = "llo", .nbody = 3, .fds = &fd, .nfds = 1 },
		true),
	    OV_OK);
	assert_int_equal(ov_message_recv(b, text, sizeof text, true, &r), OV_OK);
	assert_int_equal(r.n, 5);
	assert_memory_equal(text, "hello", 5);
	assert_int_equal(r.nfds, 1);
	assert_true((fcntl(r.fds[0], F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(ov_fd_pread(&r.fds[0], 0, (uint8_t *)body, 7, &got), OV_OK);
	assert_memory_equal(body, "carried", 7);
	ov_received_close(&r);
	ov_fd_close(&fd);
	ov_fd_close(&a);
	assert_int_equal(ov_message_recv(b, text, sizeof text, true, &r), OV_END);
	assert_int_equal(ov_message_send(b, &(struct ov_message){ .head = "x", .nhead = 1 }, true),
			 OV_IO);
	assert_int_equal(errno, EPIPE);
	ov_fd_close(&b);
	assert_int_equal(ov_fd_count(), before);
}

/* The other side is hostile: too long, or with more descriptors than agreed. Nothing may leak. */
static void unfit_messages_are_refused_whole(void **state)
{
	const int before = ov_fd_count();
	const int fds[OV_MESSAGE_FDS + 1] = { 0 };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof fds)];
	} room;
	char ten[] = "0123456789";
	struct iovec part = { .iov_base = ten, .iov_len = 10 };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = room.bytes,
			      .msg_controllen = sizeof room.bytes };
	struct ov_received r;
	int a = -1, b = -1;
	char text[16];

	(void)state;
	assert_int_equal(ov_message_pair(&a, &b), OV_OK);
	assert_int_equal(
	    ov_message_send(
		a, &(struct ov_message){ .head = "0123456789", .nhead = 10, .fds = fds, .nfds = 1 },
		true),
	    OV_OK);
	assert_int_equal(ov_message_recv(b, text, 9, true, &r), OV_BAD);
	memset(&room, 0, sizeof room);
	CMSG_FIRSTHDR(&msg)->cmsg_level = SOL_SOCKET;
	CMSG_FIRSTHDR(&msg)->cmsg_type = SCM_RIGHTS;
	CMSG_FIRSTHDR(&msg)->cmsg_len = CMSG_LEN(sizeof fds);
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), fds, sizeof fds);
	assert_int_equal(sendmsg(a, &msg, 0), 10);
	assert_int_equal(ov_message_recv(b, text, sizeof text, true, &r), OV_BAD);
	ov_fd_close(&a);
	ov_fd_close(&b);
	assert_int_equal(ov_fd_count(), before);
}

static void a_full_queue_does_not_block(void **state)
{
	static const char page[4096];
	int a = -1, b = -1, n = 0;

	(void)state;
	assert_int_equal(ov_message_pair(&a, &b), OV_OK);
	while (n < 100000 &&
	       ov_message_send(a, &(struct ov_message){ .head = page, .nhead = sizeof page },
			       false) == OV_OK)
		n++;
	assert_true(n > 0 && n < 100000);
	ov_fd_close(&a);
	ov_fd_close(&b);
}

static void clocks(void **state)
{
	const uint64_t t = ov_clock_ns();

	(void)state;
	assert_true(t > 0 && ov_clock_ns() >= t);
	assert_true(ov_clock_cpu_ns() > 0);
	assert_true(ov_cpu_count() >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		cmocka_unit_test(a_fifo_without_a_writer_does_not_block),
		cmocka_unit_test(facts),
		cmocka_unit_test(source_over_a_file),
		cmocka_unit_test(large_offsets),
		cmocka_unit_test(sealed_memory_stays_as_it_is),
		cmocka_unit_test(messages_carry_descriptors),
		cmocka_unit_test(unfit_messages_are_refused_whole),
		cmocka_unit_test(a_full_queue_does_not_block),
		cmocka_unit_test(clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

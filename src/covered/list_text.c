/* The list that is built into the program. */
#include "list_text.h"

#include "list.h"

struct ov_str ov_cov_builtin(void)
{
	return (struct ov_str){ ov_cov_builtin_text, ov_cov_builtin_size };
}

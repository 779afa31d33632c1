/* overt: the program. All of it is in the library beside this file, so that tests can link it with
 * another engine. */
#include "cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}

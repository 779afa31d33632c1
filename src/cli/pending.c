/* Stands in for the program until the broker is there. */
int main(void)
{
	return 2;
}

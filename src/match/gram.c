#include "gram.h"

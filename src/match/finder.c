#include "finder.h"

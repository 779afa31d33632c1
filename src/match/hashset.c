#include "hashset.h"

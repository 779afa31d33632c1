#include "type.h"

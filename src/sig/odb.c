#include "odb.h"

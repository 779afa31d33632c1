#include "odb_build.h"

#include "overt/engine.h"

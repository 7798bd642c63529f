// Precompiled for every test program.
#pragma once
#include <gtest/gtest.h>

#include "std.h"

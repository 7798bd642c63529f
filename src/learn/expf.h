// exp in float32 as XGBoost computes it on Linux: the answer of glibc's expf, which is not always
// the correctly rounded one (0.03 % of arguments differ in the last bit), so that scores equal
// XGBoost's.
#pragma once

namespace quintet::learn {

// The same bits on every machine. Equal to glibc 2.28 and later for each of the 2^32 arguments, on
// processors with fused multiply-add; without it glibc itself differs for two of them. Infinity
// above 88.72, 0 below -103.97; NaN gives NaN. Pure; any thread.
float expf_of_xgboost(float x);

}  // namespace quintet::learn

// The transcendental functions of the expression language, with one answer on every machine: libm's
// differ between processors in the last bit (its fused multiply-add variants). These compute with
// whole numbers of 128 bits and round once, so neither compiler flags nor the CPU can change them.
//
// Guaranteed for finite arguments: the error is below 0.5 + 2^-50 units in the last place. So the
// answer is the double nearest to the true value unless that lies within 2^-50 units of the middle
// between two doubles; exact answers and exact ties are right. Part of the semantics version
// (S6.6). Outside their domain they give NaN or infinity, which the caller makes null; never -0.
// Some eight times as long as libm: 50 to 300 ns. The forest's expf is another one: learn/expf.h.
// Pure; any thread.
#pragma once

namespace quintet::real {

// Infinity above 709.78, 0 below -745.13.
double exp(double x);
// Natural, to base 2 and to base 10. NaN for a negative x, -infinity for 0.
double log(double x);
double log2(double x);
double log10(double x);
// x^y. pow(x, 0) and pow(1, y) are 1; pow(0, y) is infinite for y < 0. A negative x needs a whole
// y, else NaN. NaN also where an argument is not finite.
double pow(double x, double y);

}  // namespace quintet::real

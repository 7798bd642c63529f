// Which times a window holds (S3.1, S3.5) and what the horizon has forgotten of it (S2.4). Pure.
#pragma once

#include "app/spec.h"

namespace quintet::feature {

// Who asks a window.
struct Asker {
  Micros time = 0;
  Position position = kNoPosition;
  Micros horizon = kNoTime;
};

// Times s with after < s <= until.
struct Edges {
  Micros after = kNoTime;
  Micros until = 0;
};

// Differences that stop at the ends of int64.
Micros minus(Micros a, Micros b);

// Of a time window; the horizon is in `after` already.
Edges edges_of(const app::Window& window, const Asker& asker);

// Whether an event of that time is forgotten for this window.
bool forgotten(const app::Window& window, Micros time, Micros horizon);

}  // namespace quintet::feature

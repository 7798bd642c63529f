// Every limit of the links, by name. What passes one is refused with Code::exhausted and this name
// in words, or kept back where that is said. None of them changes an answer.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace quintet::link {

// One message: a request, an answer, one write of a stream. Above what a transport sends: 16 MiB of
// an intake's body and what goes with it.
inline constexpr std::size_t kMaxMessageBytes = 20u << 20;
// What is gathered into one message of a stream while a write is under way; a single larger frame
// or item goes alone.
inline constexpr std::size_t kMaxBatchBytes = 256u << 10;
inline constexpr std::size_t kMaxBatchItems = 4096;
// Metadata of one call: how many pairs, and the bytes of all names and values.
inline constexpr std::size_t kMaxMetadata = 32;
inline constexpr std::size_t kMaxMetadataBytes = 4096;
inline constexpr std::size_t kMaxMethodBytes = 256;
// The message of an error as it travels; longer ones are cut.
inline constexpr std::size_t kMaxErrorBytes = 2048;
// Calls under way: of one caller, and of one server from all its callers.
inline constexpr std::size_t kMaxCalls = 4096;
inline constexpr std::size_t kMaxServedCalls = 16'384;
// Streams open at one server at a time.
inline constexpr std::size_t kMaxStreams = 1024;
// The requests of a call stream that wait for a write under way.
inline constexpr std::size_t kMaxQueuedBytes = 32u << 20;
// A call stream's server reads no further while it has so many calls unanswered.
inline constexpr std::size_t kMaxStreamCalls = 1024;

// What a feed's consumer lets come before it has released what it has: at most this many messages,
// and this many bytes and one message more.
inline constexpr std::size_t kFeedMessages = 1024;
inline constexpr std::size_t kFeedBytes = 4u << 20;
// A consumer connects again after this long, doubled each time up to the second.
inline constexpr Micros kFirstBackOff = 50'000;
inline constexpr Micros kLastBackOff = 2 * kSecond;

// How long a server waits for running calls before it answers them itself.
inline constexpr Micros kDrainTime = 10 * kSecond;

}  // namespace quintet::link

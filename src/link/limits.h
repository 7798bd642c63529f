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
// What a transport lets through beside a message's own bytes: a frame's metadata, or its error.
inline constexpr std::size_t kEnvelopeBytes = 64u << 10;
inline constexpr std::size_t kMaxHeaderBytes = 32u << 10;
// What is gathered into one message of a stream while a write is under way; a single larger frame
// or item goes alone.
inline constexpr std::size_t kMaxBatchBytes = 256u << 10;
inline constexpr std::size_t kMaxBatchItems = 4096;
// About what a frame takes beside its body.
inline constexpr std::size_t kFrameBytes = 64;
// Metadata of one call: how many pairs, and the bytes of all names and values.
inline constexpr std::size_t kMaxMetadata = 32;
inline constexpr std::size_t kMaxMetadataBytes = 4096;
inline constexpr std::size_t kMaxMethodBytes = 256;
// The message of an error as it travels, and its place and id; longer ones are cut.
inline constexpr std::size_t kMaxErrorBytes = 2048;
inline constexpr std::size_t kMaxPlaceBytes = 256;
// Calls under way: of one caller, and of one server from all its callers.
inline constexpr std::size_t kMaxCalls = 4096;
inline constexpr std::size_t kMaxServedCalls = 16'384;
// Streams open at one server at a time.
inline constexpr std::size_t kMaxStreams = 1024;
// The requests of a call stream that wait for a write under way; a server reads no further while so
// many bytes of answers wait.
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

// A guard's calls under way, and their time if they have no deadline of their own.
inline constexpr std::size_t kMaxGuardedCalls = 1024;
inline constexpr Micros kDefaultTimeout = 10 * kSecond;
// Tries of one call in all; the waits between them; retries as a part of all calls, and at once.
inline constexpr unsigned kMaxAttempts = 3;
inline constexpr Micros kFirstRetry = 10'000;
inline constexpr Micros kLastRetry = 500'000;
inline constexpr double kRetryPart = 0.1;
inline constexpr double kRetryBurst = 10;
// A breaker opens after so many failures in a row, for so long at first and at most.
inline constexpr unsigned kBreakerFailures = 10;
inline constexpr Micros kBreakerFirstOpen = 500'000;
inline constexpr Micros kBreakerLastOpen = 10 * kSecond;

// A connection that is silent is asked after this long, and is lost without an answer in time.
inline constexpr Micros kKeepAlive = 20 * kSecond;
inline constexpr Micros kKeepAliveAnswer = 10 * kSecond;
// A connection that did not come about is tried again after at most so long.
inline constexpr Micros kReconnect = kSecond / 5;
// For a connection to come about, with its handshake.
inline constexpr Micros kConnectTime = 5 * kSecond;
// How often certificates are looked at.
inline constexpr Micros kCertificateReload = kSecond;

// How deep messages are described within messages.
inline constexpr int kMaxDescriptorDepth = 32;

// How long a server waits for running calls before it answers them itself.
inline constexpr Micros kDrainTime = 10 * kSecond;

}  // namespace quintet::link

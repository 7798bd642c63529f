room(base LIBRARIES fmt::fmt OpenSSL::Crypto xxhash Threads::Threads)

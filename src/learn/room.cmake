room(learn ROOMS base LIBRARIES OpenSSL::Crypto)

# Of Abseil only the lock that gRPC's headers use inline.
room(link ROOMS base event LIBRARIES grpc++ grpc gpr absl_synchronization fmt::fmt Threads::Threads
     TEST_LIBRARIES quintet_descriptors)

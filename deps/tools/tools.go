//go:build tools

// Names the programs so that go.mod and go.sum keep what they are made of.
package tools

import (
	_ "github.com/bojand/ghz/cmd/ghz"
	_ "github.com/fullstorydev/grpcurl/cmd/grpcurl"
)

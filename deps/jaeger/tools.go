//go:build tools

// Names the program so that go.mod and go.sum keep what it is made of.
package jaeger

import (
	_ "github.com/jaegertracing/jaeger/cmd/all-in-one"
)

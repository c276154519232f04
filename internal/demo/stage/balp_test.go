package stage_test

import (
	"os"
	"testing"

	"vestibule/internal/balptest"
)

// events are the AuditEvents of all tests of this package: when the tests are over, they are validated.
var events balptest.Collection

func TestMain(m *testing.M) { os.Exit(events.Main(m)) }

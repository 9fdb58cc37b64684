package runbooks

import "sync"

// Ours loads the embedded guides once for all tests; none changes them.
var Ours = sync.OnceValues(func() (*Library, []Problem) { return Load(Embedded()) })

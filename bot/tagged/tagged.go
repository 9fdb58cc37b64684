// Package tagged writes closed sets of Go types as JSON with a name beside
// them, and reads them back. Facts (package incident) and effects (package
// effect) are two such sets. The set is an explicit list, so a reader finds
// every member in one place, and a name once stored is never given to another
// type.
package tagged

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// A Member names one type of a set. Zero is a value of that type.
type Member[T any] struct {
	Name string
	Zero T
}

// A Set knows the stored name of each of its members.
type Set[T any] struct {
	names map[reflect.Type]string
	types map[string]reflect.Type
	order []string
}

// New makes a set. It panics on a name or a type given twice: that is a
// mistake in the program, met by the first test that runs.
func New[T any](members ...Member[T]) *Set[T] {
	s := &Set[T]{names: map[reflect.Type]string{}, types: map[string]reflect.Type{}}
	for _, m := range members {
		t := reflect.TypeOf(m.Zero)
		if s.types[m.Name] != nil || s.names[t] != "" {
			panic(fmt.Sprintf("tagged: %s (%v) is listed twice", m.Name, t))
		}
		s.names[t], s.types[m.Name] = m.Name, t
		s.order = append(s.order, m.Name)
	}
	return s
}

// Names lists the members in the order they were given.
func (s *Set[T]) Names() []string { return s.order }

// Name tells the stored name of v, or "" if v is not of the set.
func (s *Set[T]) Name(v T) string { return s.names[reflect.TypeOf(v)] }

// Zero makes the zero value of the member called name.
func (s *Set[T]) Zero(name string) (T, bool) {
	var none T
	t, ok := s.types[name]
	if !ok {
		return none, false
	}
	return reflect.Zero(t).Interface().(T), true
}

// Decode reads the bytes of the member called name. ok is false when the set
// does not know the name: the caller keeps the bytes.
func (s *Set[T]) Decode(name string, data []byte) (v T, ok bool, err error) {
	t, ok := s.types[name]
	if !ok {
		return v, false, nil
	}
	p := reflect.New(t)
	if err := json.Unmarshal(data, p.Interface()); err != nil {
		return v, true, fmt.Errorf("%s: %w", name, err)
	}
	return p.Elem().Interface().(T), true, nil
}

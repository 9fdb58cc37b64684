package tagged_test

import (
	"slices"
	"strings"
	"testing"

	"tocsin/bot/tagged"
)

type animal interface{ sound() string }

type (
	cat struct {
		Lives int `json:"lives"`
	}
	dog struct{}
	cow struct{}
)

func (cat) sound() string { return "meow" }
func (dog) sound() string { return "woof" }
func (cow) sound() string { return "moo" }

func animals() *tagged.Set[animal] {
	return tagged.New(tagged.Member[animal]{Name: "cat", Zero: cat{}}, tagged.Member[animal]{Name: "dog", Zero: dog{}})
}

func TestNames(t *testing.T) {
	set := animals()
	if got := set.Names(); !slices.Equal(got, []string{"cat", "dog"}) {
		t.Errorf("Names() = %v, want them in the order given", got)
	}
	for a, want := range map[animal]string{cat{Lives: 9}: "cat", dog{}: "dog", cow{}: "", nil: ""} {
		if got := set.Name(a); got != want {
			t.Errorf("Name(%#v) = %q, want %q", a, got, want)
		}
	}
	for name, want := range map[string]animal{"cat": cat{}, "dog": dog{}, "cow": nil, "": nil} {
		if got, ok := set.Zero(name); got != want || ok != (want != nil) {
			t.Errorf("Zero(%q) = %#v, %v, want %#v", name, got, ok, want)
		}
	}
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name, data string
		want       animal
		known      bool
		fails      string
	}{
		{"cat", `{"lives":9}`, cat{Lives: 9}, true, ""},
		{"cat", `{"lives":9,"tail":true}`, cat{Lives: 9}, true, ""}, // a newer program's field
		{"dog", `{}`, dog{}, true, ""},
		{"cow", `{not even JSON`, nil, false, ""},
		{"cat", `{"lives":"nine"}`, nil, true, "cat: "},
		{"cat", ``, nil, true, "cat: "},
	} {
		got, known, err := animals().Decode(c.name, []byte(c.data))
		if got != c.want || known != c.known || (err != nil) != (c.fails != "") {
			t.Errorf("Decode(%q, %s) = %#v, %v, %v; want %#v, %v, error %v", c.name, c.data, got, known, err, c.want, c.known, c.fails)
		}
		if err != nil && !strings.HasPrefix(err.Error(), c.fails) {
			t.Errorf("Decode(%q, %s): %q does not tell of what", c.name, c.data, err)
		}
	}
}

func TestNewRefusesDoubles(t *testing.T) {
	for _, double := range []tagged.Member[animal]{{Name: "cat", Zero: cow{}}, {Name: "tiger", Zero: cat{}}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("New took %q (%T) beside cat", double.Name, double.Zero)
				}
			}()
			tagged.New(tagged.Member[animal]{Name: "cat", Zero: cat{}}, double)
		}()
	}
}

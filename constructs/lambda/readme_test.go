package lambda_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/aegis-agents/aegis/constructs/lambda"
)

// TestReadme: the tables name every prop and every output.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[lambda.Props]()) {
		if !strings.Contains(string(text), "`"+field.Name+"`") {
			t.Errorf("README.md does not name the prop %s", field.Name)
		}
	}
	function := reflect.TypeFor[*lambda.Function]()
	promoted := reflect.TypeFor[lambda.Function]().Field(0).Type
	for method := range function.Methods() {
		name := method.Name
		if _, ofConstruct := promoted.MethodByName(name); !ofConstruct && !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("README.md does not name the method %s", name)
		}
	}
}

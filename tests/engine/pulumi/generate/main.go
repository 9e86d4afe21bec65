// generate writes the SDKs that `pulumi package add` would: Pulumi's own generators make them from a
// schema. They are called here directly, because its language hosts are in no module registry.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

type files = map[string][]byte

const tool = "pulumi"

var generators = map[string]func(*schema.Package) (files, error){
	"go": func(described *schema.Package) (files, error) {
		return golang.GeneratePackage(tool, described, nil)
	},
	"nodejs": func(described *schema.Package) (files, error) {
		return nodejs.GeneratePackage(tool, described, nil, nil, true, nil)
	},
	"python": func(described *schema.Package) (files, error) {
		return python.GeneratePackage(tool, described, nil, nil)
	},
}

func main() {
	if err := generate(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// generate writes each language's SDK into a folder of its name.
func generate(schemaFile, folder string) error {
	for language, generator := range generators {
		described, err := bound(schemaFile)
		if err != nil {
			return err
		}
		made, err := generator(described)
		if err != nil {
			return err
		}
		if err := write(made, filepath.Join(folder, language)); err != nil {
			return err
		}
	}
	return nil
}

// bound is the schema as `pulumi package add` reads it. A generator leaves its marks there: each needs one of its own.
func bound(schemaFile string) (*schema.Package, error) {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, err
	}
	described, found, err := schema.BindSpec(spec, schema.NewNullLoader(), schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return nil, found
	}
	described.SupportPack = true
	return described, nil
}

func write(made files, folder string) error {
	for name, content := range made {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

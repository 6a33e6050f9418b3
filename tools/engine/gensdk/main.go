// Gensdk writes the SDK of a Pulumi package for one language: gensdk SCHEMA.json VERSION LANG OUTDIR.
//
// It stands in for `pulumi package gen-sdk`, which needs language hosts newer than those that can be built from Go modules.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/pkg/v3/codegen"
	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "gensdk"

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: gensdk SCHEMA.json VERSION python|nodejs|go OUTDIR")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "gensdk:", err)
		os.Exit(1)
	}
}

func run(path, version, language, out string) error {
	pkg, err := bind(path, version)
	if err != nil {
		return err
	}
	files, err := generate(pkg, language)
	if err != nil {
		return err
	}
	return write(files, version, out)
}

func bind(path, version string) (*schema.Package, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	spec.Version = version
	pkg, diags, err := schema.BindSpec(spec, schema.NewNullLoader(), schema.ValidationOptions{})
	for _, diag := range diags {
		fmt.Fprintln(os.Stderr, diag.Summary, diag.Detail)
	}
	if err == nil && diags.HasErrors() {
		err = errors.New(path + " does not bind")
	}
	return pkg, err
}

func generate(pkg *schema.Package, language string) (codegen.Fs, error) {
	switch language {
	case "python":
		return python.GeneratePackage(tool, pkg, nil, nil)
	case "nodejs":
		if err := pkg.ImportLanguages(map[string]schema.Language{"nodejs": nodejs.Importer}); err != nil {
			return nil, err
		}
		return nodejs.GeneratePackage(tool, pkg, nil, nil, false, nil)
	case "go":
		return gogen.GeneratePackage(tool, pkg, nil)
	}
	return nil, fmt.Errorf("unknown language %q: python, nodejs or go", language)
}

// write also fills in the ${VERSION} that package.json carries when the schema leaves versions to the release.
func write(files codegen.Fs, version, out string) error {
	for name, text := range files {
		target := filepath.Join(out, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if name == "package.json" {
			text = bytes.ReplaceAll(text, []byte("${VERSION}"), []byte(version))
		}
		if err := os.WriteFile(target, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

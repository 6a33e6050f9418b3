// Gensdk writes the SDK of a Pulumi package for Java or C#: gensdk SCHEMA.json VERSION LOGO.png java|dotnet OUTDIR.
//
// Its generators are older than those of tools/engine/gensdk: newer ones are in modules that cannot be fetched everywhere.
// That for C# downloads the package's logo, which is served to it here.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	"github.com/pulumi/pulumi/pkg/v3/codegen/dotnet"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "gensdk"

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: gensdk SCHEMA.json VERSION LOGO.png java|dotnet OUTDIR")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		fmt.Fprintln(os.Stderr, "gensdk:", err)
		os.Exit(1)
	}
}

func run(path, version, logo, language, out string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	serving := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		http.ServeFile(writer, request, logo)
	}))
	defer serving.Close()
	spec.Version, spec.LogoURL = version, serving.URL
	importers := map[string]schema.Language{"java": java.Importer, "csharp": dotnet.Importer}
	pkg, err := schema.ImportSpec(spec, importers)
	if err != nil {
		return err
	}
	files, err := generate(pkg, language)
	if err != nil {
		return err
	}
	for name, text := range files {
		target := filepath.Join(out, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func generate(pkg *schema.Package, language string) (map[string][]byte, error) {
	switch language {
	case "java":
		return java.GeneratePackage(tool, pkg, nil, false)
	case "dotnet":
		return dotnet.GeneratePackage(tool, pkg, nil, nil)
	}
	return nil, errors.New("unknown language " + language + ": java or dotnet")
}

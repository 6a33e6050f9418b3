"""The README of each SDK: what it is, how to install it, one program, and where to read on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from neev_provider.adapters.shared.examples import load_examples

DOCS: Final = "https://github.com/neevcloud/pulumi-neev/blob"


@dataclass(frozen=True)
class Language:
    """A language of programs, and how its users install and use the SDK."""

    name: str
    syntax: str
    """The name of the language after a fence."""
    install: str
    install_syntax: str = "sh"
    program: str = ""
    """The program, for a language without examples in the reference."""


C_SHARP_PROGRAM: Final = """\
using System.Collections.Generic;
using NeevCloud.Neev;
using Pulumi;

return await Deployment.RunAsync(() =>
{
    var sandbox = new Sandbox("agent", new SandboxArgs { Cpu = 1.0, MemoryGb = 2, IdleTimeoutSeconds = 900 });
    return new Dictionary<string, object?> { ["phase"] = sandbox.Phase };
});
"""
JAVA_PROGRAM: Final = """\
import com.neevcloud.neev.Sandbox;
import com.neevcloud.neev.SandboxArgs;
import com.pulumi.Pulumi;

public class App {
    public static void main(String[] args) {
        Pulumi.run(context -> {
            var settings = SandboxArgs.builder().cpu(1.0).memoryGb(2).idleTimeoutSeconds(900).build();
            var sandbox = new Sandbox("agent", settings);
            context.export("phase", sandbox.phase());
        });
    }
}
"""
MAVEN_DEPENDENCY: Final = """\
<dependency>
  <groupId>com.neevcloud</groupId>
  <artifactId>neev</artifactId>
  <version>{version}</version>
</dependency>"""
LANGUAGES: Final = {
    "python": Language("Python", "python", "pip install pulumi-neev-sdk=={version}"),
    "nodejs": Language("JavaScript and TypeScript", "typescript", "npm install @neevcloud/pulumi-neev@{version}"),
    "go": Language("Go", "go", "go get github.com/neevcloud/pulumi-neev/sdk/go@v{version}"),
    "dotnet": Language(
        "C#", "csharp", "dotnet add package NeevCloud.Neev --version {version}", program=C_SHARP_PROGRAM
    ),
    "java": Language("Java", "java", MAVEN_DEPENDENCY, "xml", JAVA_PROGRAM),
}


def render_readme(language: str, version: str) -> str:
    """Return the text of the README."""
    spoken = LANGUAGES[language]
    program = spoken.program or load_examples("Sandbox").examples[0].programs[spoken.syntax]
    return f"""\
# NeevAI for Pulumi in {spoken.name}

Create, pause, resize, snapshot, fork and roll back [NeevAI](https://ai.neevcloud.com) sandboxes with
[Pulumi](https://www.pulumi.com). This SDK is generated from the schema of the plugin
[pulumi-resource-neev](https://github.com/neevcloud/pulumi-neev). The engine installs the plugin of the same version.

```{spoken.install_syntax}
{spoken.install.format(version=version)}
```

The plugin reads `NEEV_API_KEY`, `NEEV_ORG_ID` and `NEEV_PROJECT_ID`, or the stack's configuration:
`pulumi config set --secret neev:apiKey YOUR_API_KEY`, `neev:orgId`, `neev:projectId`.

```{spoken.syntax}
{program.rstrip()}
```

[Installation and configuration]({DOCS}/v{version}/docs/installation-configuration.md),
[reference]({DOCS}/v{version}/docs/resources/README.md),
[changelog]({DOCS}/v{version}/CHANGELOG.md)
"""

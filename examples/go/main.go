// A sandbox from a template, a snapshot of it, and a fork of it. The SDK in go.mod comes from `make sdks`.
package main

import (
	"github.com/neevcloud/pulumi-neev/sdk/go/neev"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		template := neev.GetSandboxTemplateOutput(ctx, neev.GetSandboxTemplateOutputArgs{
			Name: pulumi.String(config.Require(ctx, "template")),
		})

		sandbox, err := neev.NewSandbox(ctx, "agent", &neev.SandboxArgs{
			TemplateId: template.Id(),
			Cpu:        pulumi.Float64(1),
			MemoryGb:   pulumi.Int(2),
			Egress: &neev.EgressArgs{
				Mode: neev.EgressModeAllowList,
				Allow: neev.EgressDestinationArray{&neev.EgressDestinationArgs{
					Host:  pulumi.String("pypi.org"),
					Ports: pulumi.IntArray{pulumi.Int(443)},
				}},
			},
			IdleTimeoutSeconds: pulumi.Int(900),
			Paused:             pulumi.Bool(config.RequireBool(ctx, "paused")),
		})
		if err != nil {
			return err
		}
		snapshot, err := neev.NewSnapshot(ctx, "baseline", &neev.SnapshotArgs{SandboxId: sandbox.ID()})
		if err != nil {
			return err
		}
		fork, err := neev.NewSandboxFork(ctx, "experiment", &neev.SandboxForkArgs{
			SourceSandboxId: sandbox.ID(),
			MemoryGb:        pulumi.Int(4),
		}, pulumi.DependsOn([]pulumi.Resource{snapshot}))
		if err != nil {
			return err
		}

		ctx.Export("name", sandbox.Name)
		ctx.Export("phase", sandbox.Phase)
		ctx.Export("snapshot", snapshot.Status)
		ctx.Export("fork", fork.Name)
		return nil
	})
}

// A sandbox, a script in it, and a command that runs the script.
package main

import (
	"github.com/neevcloud/pulumi-neev/sdk/go/neev"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		template := neev.GetSandboxTemplateOutput(ctx, neev.GetSandboxTemplateOutputArgs{
			Name: pulumi.String("ubuntu-26-04-minimal"),
		})
		sandbox, err := neev.NewSandbox(ctx, "agent", &neev.SandboxArgs{
			TemplateId:         template.Id(),
			Cpu:                pulumi.Float64(1),
			MemoryGb:           pulumi.Int(2),
			IdleTimeoutSeconds: pulumi.Int(900),
		})
		if err != nil {
			return err
		}
		script, err := neev.NewFile(ctx, "script", &neev.FileArgs{
			SandboxId: sandbox.ID(),
			Path:      pulumi.String("hello.sh"),
			Content:   pulumi.String("echo hello from $(pwd)\n"),
		})
		if err != nil {
			return err
		}
		command, err := neev.NewCommand(ctx, "hello", &neev.CommandArgs{
			SandboxId: sandbox.ID(),
			Create:    pulumi.ToStringArray([]string{"sh", "hello.sh"}),
			Triggers:  pulumi.Array{script.Sha256},
		})
		if err != nil {
			return err
		}

		ctx.Export("phase", sandbox.Phase)
		ctx.Export("output", command.Stdout)
		return nil
	})
}

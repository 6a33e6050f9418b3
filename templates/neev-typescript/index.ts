// A sandbox, a script in it, and a command that runs the script.

import * as neev from "@neevcloud/pulumi-neev";

const template = neev.getSandboxTemplateOutput({ name: "ubuntu-26-04-minimal" });

const sandbox = new neev.Sandbox("agent", {
    templateId: template.id,
    cpu: 1,
    memoryGb: 2,
    idleTimeoutSeconds: 900,
});
const script = new neev.File("script", {
    sandboxId: sandbox.id,
    path: "hello.sh",
    content: "echo hello from $(pwd)\n",
});
const command = new neev.Command("hello", {
    sandboxId: sandbox.id,
    create: ["sh", "hello.sh"],
    triggers: [script.sha256],
});

export const phase = sandbox.phase;
export const output = command.stdout;

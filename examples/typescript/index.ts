// A sandbox from a template, a snapshot of it, and a fork of it. The SDK in package.json comes from `make sdks`.

import * as neev from "@neevcloud/pulumi-neev";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const template = neev.getSandboxTemplateOutput({ name: config.require("template") });

const sandbox = new neev.Sandbox("agent", {
    templateId: template.id,
    cpu: 1,
    memoryGb: 2,
    egress: { mode: neev.EgressMode.AllowList, allow: [{ host: "pypi.org", ports: [443] }] },
    idleTimeoutSeconds: 900,
    paused: config.requireBoolean("paused"),
});
const baseline = new neev.Snapshot("baseline", { sandboxId: sandbox.id });
const experiment = new neev.SandboxFork(
    "experiment",
    { sourceSandboxId: sandbox.id, memoryGb: 4 },
    { dependsOn: baseline },
);

export const name = sandbox.name;
export const phase = sandbox.phase;
export const snapshot = baseline.status;
export const fork = experiment.name;

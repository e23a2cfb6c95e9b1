// Package ecsrun is the port.Runner on ECS: a Fargate task for each task of an agent.
//
// What must not live here: the task definitions, and when to run or stop what.
package ecsrun

// pulumi-language-python starts Python programs for the pulumi that is built beside it. Pulumi's own
// is in no module registry; this one has what `pulumi up` asks for and nothing else. Python is found
// and asked by Pulumi's own package toolchain, and a program is started by the script of Pulumi's SDK.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// The script ends with this code when it has told the user already what was wrong.
const toldTheUser = 32

type languageHost struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	engine string
}

func main() {
	if err := serve(os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve prints its port on the first line, where the engine reads it, and lasts as long as the engine.
func serve(engine string) error {
	ended := make(chan bool)
	if err := rpcutil.Healthcheck(context.Background(), engine, time.Second, func() { close(ended) }); err != nil {
		return err
	}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: ended,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, &languageHost{engine: engine})
			return nil
		},
	})
	if err != nil {
		return err
	}
	fmt.Println(handle.Port)
	return <-handle.Done
}

func (host *languageHost) Handshake(
	context.Context, *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (host *languageHost) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

func (host *languageHost) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// python is the environment that the project's file names.
func python(info *pulumirpc.ProgramInfo) (toolchain.Toolchain, error) {
	options := toolchain.PythonOptions{Root: info.RootDirectory, ProgramDir: info.ProgramDirectory}
	for name, value := range info.Options.AsMap() {
		switch {
		case name == "virtualenv":
			options.Virtualenv = fmt.Sprint(value)
		case name == "toolchain" && value == "pip":
			options.Toolchain = toolchain.Pip
		case name == "toolchain" && value == "uv":
			options.Toolchain = toolchain.Uv
		case name == "toolchain" && value == "poetry":
			options.Toolchain = toolchain.Poetry
		default:
			return nil, fmt.Errorf("the runtime options %q: %v of a project are not known here", name, value)
		}
	}
	return toolchain.ResolveToolchain(options)
}

// GetRequiredPackages names the plugin of each Pulumi package that is installed.
func (host *languageHost) GetRequiredPackages(
	ctx context.Context, request *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	environment, err := python(request.Info)
	if err != nil {
		return nil, err
	}
	if err := environment.ValidateVenv(ctx); err != nil {
		return nil, err
	}
	installed, err := environment.ListPackages(ctx, true)
	if err != nil {
		return nil, fmt.Errorf("failed to discover package requirements: %w", err)
	}
	var required []*pulumirpc.PackageDependency
	for _, found := range installed {
		if !strings.HasPrefix(found.Name, "pulumi-") {
			continue
		}
		described, err := describedPlugin(ctx, environment, strings.ReplaceAll(found.Name, "-", "_"))
		if err != nil {
			return nil, err
		}
		if described.Resource {
			required = append(required, &pulumirpc.PackageDependency{
				Kind: "resource", Name: described.Name, Version: described.Version, Server: described.Server,
			})
		}
	}
	return &pulumirpc.GetRequiredPackagesResponse{Packages: required}, nil
}

// describedPlugin reads the file by which a Pulumi package names its plugin.
func describedPlugin(
	ctx context.Context, environment toolchain.Toolchain, module string,
) (*plugin.PulumiPluginJSON, error) {
	const find = "import sys, importlib.util; print(importlib.util.find_spec(sys.argv[1]).submodule_search_locations[0])"
	command, err := environment.Command(ctx, "-c", find, module)
	if err != nil {
		return nil, err
	}
	folder, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("finding the package %s: %w", module, err)
	}
	return plugin.LoadPulumiPluginJSON(filepath.Join(strings.TrimSpace(string(folder)), "pulumi-plugin.json"))
}

// Run runs a program to its end.
func (host *languageHost) Run(
	ctx context.Context, request *pulumirpc.RunRequest,
) (*pulumirpc.RunResponse, error) {
	environment, err := python(request.Info)
	if err != nil {
		return nil, err
	}
	if err := environment.ValidateVenv(ctx); err != nil {
		return nil, err
	}
	config, err := json.Marshal(request.Config)
	if err != nil {
		return nil, err
	}
	// An empty list where there are none: Python iterates over it, and nil would be null.
	secrets, err := json.Marshal(append([]string{}, request.ConfigSecretKeys...))
	if err != nil {
		return nil, err
	}
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command, err := environment.Command(ctx,
		own+"-exec",
		"--monitor", request.MonitorAddress,
		"--engine", host.engine,
		"--project", request.Project,
		"--stack", request.Stack,
		"--organization", request.Organization,
		"--root_directory", request.Info.RootDirectory,
		"--pwd", request.Pwd,
		"--dry_run", strconv.FormatBool(request.DryRun),
		"--parallel", strconv.Itoa(int(request.Parallel)),
		filepath.Join(request.Info.ProgramDirectory, request.Info.EntryPoint),
	)
	if err != nil {
		return nil, err
	}
	command.Env = append(command.Env, "PULUMI_CONFIG="+string(config), "PULUMI_CONFIG_SECRET_KEYS="+string(secrets))
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	var exit *exec.ExitError
	switch err := command.Run(); {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == toldTheUser:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case errors.As(err, &exit):
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("program exited with non-zero exit code: %d", exit.ExitCode())}, nil
	default:
		return nil, err
	}
}

// RunPlugin runs a policy pack, for as long as the engine wants it.
func (host *languageHost) RunPlugin(
	request *pulumirpc.RunPluginRequest, engine grpc.ServerStreamingServer[pulumirpc.RunPluginResponse],
) error {
	if request.Kind != "analyzer" {
		return fmt.Errorf("only policy packs are run here, got a plugin of kind %q", request.Kind)
	}
	environment, err := python(request.Info)
	if err != nil {
		return err
	}
	arguments := append(append([]string{}, request.Args...), request.Info.ProgramDirectory)
	command, err := environment.ModuleCommand(engine.Context(), "pulumi.policy", arguments...)
	if err != nil {
		return err
	}
	command.Dir = request.Pwd
	command.Env = append(request.Env, command.Env...)
	var sending sync.Mutex // one caller at a time may use the stream
	send := func(message *pulumirpc.RunPluginResponse) error {
		sending.Lock()
		defer sending.Unlock()
		return engine.Send(message)
	}
	command.Stdout = writer(func(text []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: text}})
	})
	command.Stderr = writer(func(text []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: text}})
	})
	err = command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	code := int32(command.ProcessState.ExitCode())
	return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: code}})
}

// writer sends what a process prints.
type writer func([]byte) error

func (send writer) Write(text []byte) (int, error) {
	return len(text), send(text)
}

/**
 * Protobuf messages of Pods, claims, LimitRanges, NetworkPolicies and roles: programs in Go that make them by Kubernetes' typed
 * clients, as Tekton's own controllers do, send nothing else. Written as those in messages.ts, from the tags of k8s.io/api.
 * Of what is refused anyhow (`Unread`) only that it is there is read, so that it can be refused by name.
 */

export const coreMessages: Readonly<Record<string, string>> = {
  Unread: '',
  Pod: 'metadata=1:ObjectMeta spec=2:PodSpec status=3:PodStatus',
  PodSpec: `volumes=1:[]Volume initContainers=20:[]Container containers=2:[]Container ephemeralContainers=34:[]Unread
    restartPolicy=3:s terminationGracePeriodSeconds=4:*i activeDeadlineSeconds=5:*i dnsPolicy=6:s
    nodeSelector=7:{}s serviceAccountName=8:s serviceAccount=9:s automountServiceAccountToken=21:*b nodeName=10:s
    hostNetwork=11:b hostPID=12:b hostIPC=13:b shareProcessNamespace=27:*b securityContext=14:*PodSecurityContext
    imagePullSecrets=15:[]LocalObjectReference hostname=16:s subdomain=17:s affinity=18:*Affinity
    schedulerName=19:s tolerations=22:[]Toleration hostAliases=23:[]HostAlias priorityClassName=24:s
    priority=25:*i dnsConfig=26:*PodDNSConfig readinessGates=28:[]PodReadinessGate runtimeClassName=29:*s
    enableServiceLinks=30:*b preemptionPolicy=31:*s overhead=32:{}Quantity
    topologySpreadConstraints=33:[]TopologySpreadConstraint setHostnameAsFQDN=35:*b os=36:*PodOS hostUsers=37:*b
    schedulingGates=38:[]PodSchedulingGate resourceClaims=39:[]Unread resources=40:*ResourceRequirements
    hostnameOverride=41:*s workloadRef=42:*Unread`,
  Volume: 'name=1:s +=2:VolumeSource',
  VolumeSource: `hostPath=1:*HostPathVolumeSource emptyDir=2:*EmptyDirVolumeSource gcePersistentDisk=3:*Unread
    awsElasticBlockStore=4:*Unread gitRepo=5:*Unread secret=6:*SecretVolumeSource nfs=7:*Unread iscsi=8:*Unread
    glusterfs=9:*Unread persistentVolumeClaim=10:*PersistentVolumeClaimVolumeSource rbd=11:*Unread
    flexVolume=12:*Unread cinder=13:*Unread cephfs=14:*Unread flocker=15:*Unread
    downwardAPI=16:*DownwardAPIVolumeSource fc=17:*Unread azureFile=18:*Unread configMap=19:*ConfigMapVolumeSource
    vsphereVolume=20:*Unread quobyte=21:*Unread azureDisk=22:*Unread photonPersistentDisk=23:*Unread
    projected=26:*ProjectedVolumeSource portworxVolume=24:*Unread scaleIO=25:*Unread storageos=27:*Unread
    csi=28:*Unread ephemeral=29:*Unread image=30:*Unread`,
  HostPathVolumeSource: 'path=1:s type=2:*s',
  EmptyDirVolumeSource: 'medium=1:s sizeLimit=2:*Quantity',
  SecretVolumeSource: 'secretName=1:s items=2:[]KeyToPath defaultMode=3:*i optional=4:*b',
  KeyToPath: 'key=1:s path=2:s mode=3:*i',
  PersistentVolumeClaimVolumeSource: 'claimName=1:s readOnly=2:b',
  DownwardAPIVolumeSource: 'items=1:[]DownwardAPIVolumeFile defaultMode=2:*i',
  DownwardAPIVolumeFile: 'path=1:s fieldRef=2:*ObjectFieldSelector resourceFieldRef=3:*ResourceFieldSelector mode=4:*i',
  ObjectFieldSelector: 'apiVersion=1:s fieldPath=2:s',
  ResourceFieldSelector: 'containerName=1:s resource=2:s divisor=3:Quantity',
  ConfigMapVolumeSource: '+=1:LocalObjectReference items=2:[]KeyToPath defaultMode=3:*i optional=4:*b',
  ProjectedVolumeSource: 'sources=1:[]VolumeProjection defaultMode=2:*i',
  VolumeProjection: `secret=1:*SecretProjection downwardAPI=2:*DownwardAPIProjection configMap=3:*ConfigMapProjection
    serviceAccountToken=4:*ServiceAccountTokenProjection clusterTrustBundle=5:*Unread podCertificate=6:*Unread`,
  SecretProjection: '+=1:LocalObjectReference items=2:[]KeyToPath optional=4:*b',
  DownwardAPIProjection: 'items=1:[]DownwardAPIVolumeFile',
  ConfigMapProjection: '+=1:LocalObjectReference items=2:[]KeyToPath optional=4:*b',
  ServiceAccountTokenProjection: 'audience=1:s expirationSeconds=2:*i path=3:s',
  Container: `name=1:s image=2:s command=3:[]s args=4:[]s workingDir=5:s ports=6:[]ContainerPort envFrom=19:[]EnvFromSource
    env=7:[]EnvVar resources=8:ResourceRequirements resizePolicy=23:[]ContainerResizePolicy restartPolicy=24:*s
    restartPolicyRules=25:[]Unread volumeMounts=9:[]VolumeMount volumeDevices=21:[]VolumeDevice
    livenessProbe=10:*Probe readinessProbe=11:*Probe startupProbe=22:*Probe lifecycle=12:*Lifecycle
    terminationMessagePath=13:s terminationMessagePolicy=20:s imagePullPolicy=14:s
    securityContext=15:*SecurityContext stdin=16:b stdinOnce=17:b tty=18:b`,
  ContainerPort: 'name=1:s hostPort=2:i containerPort=3:i protocol=4:s hostIP=5:s',
  EnvFromSource: 'prefix=1:s configMapRef=2:*ConfigMapEnvSource secretRef=3:*SecretEnvSource',
  ConfigMapEnvSource: '+=1:LocalObjectReference optional=2:*b',
  SecretEnvSource: '+=1:LocalObjectReference optional=2:*b',
  EnvVar: 'name=1:s value=2:s valueFrom=3:*EnvVarSource',
  EnvVarSource: `fieldRef=1:*ObjectFieldSelector resourceFieldRef=2:*ResourceFieldSelector configMapKeyRef=3:*ConfigMapKeySelector
    secretKeyRef=4:*SecretKeySelector fileKeyRef=5:*FileKeySelector`,
  ConfigMapKeySelector: '+=1:LocalObjectReference key=2:s optional=3:*b',
  SecretKeySelector: '+=1:LocalObjectReference key=2:s optional=3:*b',
  FileKeySelector: 'volumeName=1:s path=2:s key=3:s optional=4:*b',
  ResourceRequirements: 'limits=1:{}Quantity requests=2:{}Quantity claims=3:[]ResourceClaim',
  ResourceClaim: 'name=1:s request=2:s',
  ContainerResizePolicy: 'resourceName=1:s restartPolicy=2:s',
  VolumeMount: `name=1:s readOnly=2:b recursiveReadOnly=7:*s mountPath=3:s subPath=4:s mountPropagation=5:*s subPathExpr=6:s`,
  VolumeDevice: 'name=1:s devicePath=2:s',
  Probe: `+=1:ProbeHandler initialDelaySeconds=2:i timeoutSeconds=3:i periodSeconds=4:i successThreshold=5:i
    failureThreshold=6:i terminationGracePeriodSeconds=7:*i`,
  ProbeHandler: 'exec=1:*ExecAction httpGet=2:*HTTPGetAction tcpSocket=3:*TCPSocketAction grpc=4:*GRPCAction',
  ExecAction: 'command=1:[]s',
  HTTPGetAction: 'path=1:s port=2:IntOrString host=3:s scheme=4:s httpHeaders=5:[]HTTPHeader',
  HTTPHeader: 'name=1:s value=2:s',
  TCPSocketAction: 'port=1:IntOrString host=2:s',
  GRPCAction: 'port=1:i service=2:*s',
  Lifecycle: 'postStart=1:*LifecycleHandler preStop=2:*LifecycleHandler stopSignal=3:*s',
  LifecycleHandler: 'exec=1:*ExecAction httpGet=2:*HTTPGetAction tcpSocket=3:*TCPSocketAction sleep=4:*SleepAction',
  SleepAction: 'seconds=1:i',
  SecurityContext: `capabilities=1:*Capabilities privileged=2:*b seLinuxOptions=3:*SELinuxOptions windowsOptions=10:*Unread
    runAsUser=4:*i runAsGroup=8:*i runAsNonRoot=5:*b readOnlyRootFilesystem=6:*b allowPrivilegeEscalation=7:*b
    procMount=9:*s seccompProfile=11:*SeccompProfile appArmorProfile=12:*AppArmorProfile`,
  Capabilities: 'add=1:[]s drop=2:[]s',
  SELinuxOptions: 'user=1:s role=2:s type=3:s level=4:s',
  SeccompProfile: 'type=1:s localhostProfile=2:*s',
  AppArmorProfile: 'type=1:s localhostProfile=2:*s',
  PodSecurityContext: `seLinuxOptions=1:*SELinuxOptions windowsOptions=8:*Unread runAsUser=2:*i runAsGroup=6:*i runAsNonRoot=3:*b
    supplementalGroups=4:[]i supplementalGroupsPolicy=12:*s fsGroup=5:*i sysctls=7:[]Sysctl
    fsGroupChangePolicy=9:*s seccompProfile=10:*SeccompProfile appArmorProfile=11:*AppArmorProfile
    seLinuxChangePolicy=13:*s`,
  Sysctl: 'name=1:s value=2:s',
  Affinity: 'nodeAffinity=1:*NodeAffinity podAffinity=2:*PodAffinity podAntiAffinity=3:*PodAntiAffinity',
  NodeAffinity: `requiredDuringSchedulingIgnoredDuringExecution=1:*NodeSelector
    preferredDuringSchedulingIgnoredDuringExecution=2:[]PreferredSchedulingTerm`,
  NodeSelector: 'nodeSelectorTerms=1:[]NodeSelectorTerm',
  NodeSelectorTerm: 'matchExpressions=1:[]NodeSelectorRequirement matchFields=2:[]NodeSelectorRequirement',
  NodeSelectorRequirement: 'key=1:s operator=2:s values=3:[]s',
  PreferredSchedulingTerm: 'weight=1:i preference=2:*NodeSelectorTerm',
  PodAffinity: `requiredDuringSchedulingIgnoredDuringExecution=1:[]PodAffinityTerm
    preferredDuringSchedulingIgnoredDuringExecution=2:[]WeightedPodAffinityTerm`,
  PodAffinityTerm: `labelSelector=1:*LabelSelector namespaces=2:[]s topologyKey=3:s namespaceSelector=4:*LabelSelector
    matchLabelKeys=5:[]s mismatchLabelKeys=6:[]s`,
  LabelSelector: 'matchLabels=1:{}s matchExpressions=2:[]LabelSelectorRequirement',
  LabelSelectorRequirement: 'key=1:s operator=2:s values=3:[]s',
  WeightedPodAffinityTerm: 'weight=1:i podAffinityTerm=2:*PodAffinityTerm',
  PodAntiAffinity: `requiredDuringSchedulingIgnoredDuringExecution=1:[]PodAffinityTerm
    preferredDuringSchedulingIgnoredDuringExecution=2:[]WeightedPodAffinityTerm`,
  Toleration: 'key=1:s operator=2:s value=3:s effect=4:s tolerationSeconds=5:*i',
  HostAlias: 'ip=1:s hostnames=2:[]s',
  PodDNSConfig: 'nameservers=1:[]s searches=2:[]s options=3:[]PodDNSConfigOption',
  PodDNSConfigOption: 'name=1:s value=2:*s',
  PodReadinessGate: 'conditionType=1:s',
  TopologySpreadConstraint: `maxSkew=1:i topologyKey=2:s whenUnsatisfiable=3:s labelSelector=4:*LabelSelector minDomains=5:*i
    nodeAffinityPolicy=6:*s nodeTaintsPolicy=7:*s matchLabelKeys=8:[]s`,
  PodOS: 'name=1:s',
  PodSchedulingGate: 'name=1:s',
  PodStatus: `observedGeneration=17:i phase=1:s conditions=2:[]PodCondition message=3:s reason=4:s nominatedNodeName=11:s
    hostIP=5:s hostIPs=16:[]HostIP podIP=6:s podIPs=12:[]PodIP startTime=7:*Time
    initContainerStatuses=10:[]ContainerStatus containerStatuses=8:[]ContainerStatus qosClass=9:s
    ephemeralContainerStatuses=13:[]ContainerStatus resize=14:s resourceClaimStatuses=15:[]Unread
    extendedResourceClaimStatus=18:*Unread allocatedResources=19:{}Quantity resources=20:*ResourceRequirements`,
  PodCondition: `type=1:s observedGeneration=7:i status=2:s lastProbeTime=3:Time lastTransitionTime=4:Time reason=5:s message=6:s`,
  HostIP: 'ip=1:s',
  PodIP: 'ip=1:s',
  ContainerStatus: `name=1:s state=2:ContainerState lastState=3:ContainerState ready=4:*b restartCount=5:*i image=6:s imageID=7:s
    containerID=8:s started=9:*b allocatedResources=10:{}Quantity resources=11:*ResourceRequirements
    volumeMounts=12:[]Unread user=13:*Unread allocatedResourcesStatus=14:[]Unread stopSignal=15:*s`,
  ContainerState: `waiting=1:*ContainerStateWaiting running=2:*ContainerStateRunning terminated=3:*ContainerStateTerminated`,
  ContainerStateWaiting: 'reason=1:s message=2:s',
  ContainerStateRunning: 'startedAt=1:Time',
  ContainerStateTerminated: `exitCode=1:*i signal=2:i reason=3:s message=4:s startedAt=5:Time finishedAt=6:Time containerID=7:s`,
  PersistentVolumeClaim: 'metadata=1:ObjectMeta spec=2:PersistentVolumeClaimSpec status=3:PersistentVolumeClaimStatus',
  PersistentVolumeClaimSpec: `accessModes=1:[]s selector=4:*LabelSelector resources=2:VolumeResourceRequirements volumeName=3:s
    storageClassName=5:*s volumeMode=6:*s dataSource=7:*TypedLocalObjectReference
    dataSourceRef=8:*TypedObjectReference volumeAttributesClassName=9:*s`,
  VolumeResourceRequirements: 'limits=1:{}Quantity requests=2:{}Quantity',
  TypedLocalObjectReference: 'apiGroup=1:*s kind=2:s name=3:s',
  TypedObjectReference: 'apiGroup=1:*s kind=2:s name=3:s namespace=4:*s',
  PersistentVolumeClaimStatus: `phase=1:s accessModes=2:[]s capacity=3:{}Quantity conditions=4:[]PersistentVolumeClaimCondition
    allocatedResources=5:{}Quantity allocatedResourceStatuses=7:{}s currentVolumeAttributesClassName=8:*s
    modifyVolumeStatus=9:*Unread`,
  PersistentVolumeClaimCondition: `type=1:s status=2:s lastProbeTime=3:Time lastTransitionTime=4:Time reason=5:s message=6:s`,
  LimitRange: 'metadata=1:ObjectMeta spec=2:LimitRangeSpec',
  LimitRangeSpec: 'limits=1:[]LimitRangeItem',
  LimitRangeItem: `type=1:s max=2:{}Quantity min=3:{}Quantity default=4:{}Quantity defaultRequest=5:{}Quantity
    maxLimitRequestRatio=6:{}Quantity`,
  NetworkPolicy: 'metadata=1:ObjectMeta spec=2:NetworkPolicySpec',
  NetworkPolicySpec: `podSelector=1:*LabelSelector ingress=2:[]NetworkPolicyIngressRule egress=3:[]NetworkPolicyEgressRule
    policyTypes=4:[]s`,
  NetworkPolicyIngressRule: 'ports=1:[]NetworkPolicyPort from=2:[]NetworkPolicyPeer',
  NetworkPolicyPort: 'protocol=1:*s port=2:*IntOrString endPort=3:*i',
  NetworkPolicyPeer: 'podSelector=1:*LabelSelector namespaceSelector=2:*LabelSelector ipBlock=3:*IPBlock',
  IPBlock: 'cidr=1:s except=2:[]s',
  NetworkPolicyEgressRule: 'ports=1:[]NetworkPolicyPort to=2:[]NetworkPolicyPeer',
  Role: 'metadata=1:ObjectMeta rules=2:[]PolicyRule',
  ClusterRole: 'metadata=1:ObjectMeta rules=2:[]PolicyRule aggregationRule=3:*AggregationRule',
  PolicyRule: 'verbs=1:[]s apiGroups=2:[]s resources=3:[]s resourceNames=4:[]s nonResourceURLs=5:[]s',
  AggregationRule: 'clusterRoleSelectors=1:[]LabelSelector',
  RoleBinding: 'metadata=1:ObjectMeta subjects=2:[]Subject roleRef=3:RoleRef',
  Subject: 'kind=1:s apiGroup=2:s name=3:s namespace=4:s',
  RoleRef: 'apiGroup=1:s kind=2:s name=3:s',
};
